//! Command lines about files whose content must stay, and what becomes of them.

/// The rules, and the files that are there.
pub const GUARD: &str = r"  protected_content:
    rules:
      - files: ['*.rules', 'infra/**/*.tf']
        content: 'prevent_destroy|request\.auth'
        message: Ask the platform team first.";
/// The files, each with what it holds.
pub const FILES: &[(&str, &str)] = &[
    ("firestore.rules", "allow read: if request.auth != null;\n"),
    ("empty.rules", "allow read;\n"),
    ("infra/prod/db.tf", "prevent_destroy = true\n"),
    ("infra/prod/web.tf", "count = 1\n"),
    ("src/main.rs", "prevent_destroy\n"),
];

#[rustfmt::skip]
pub const ROWS: &[(&str, &str)] = &[
    ("rm firestore.rules", "deny"),
    ("sudo rm -f ./firestore.rules", "deny"),
    ("bash -c 'rm infra/prod/db.tf'", "deny"),
    ("cd infra/prod && rm *.tf", "deny"),
    ("rm -rf infra", "deny"),
    ("git rm -q firestore.rules", "deny"),
    ("find . -name '*.rules' -delete", "deny"),
    ("mv firestore.rules old.txt", "ask"),
    ("mv infra /tmp/infra", "ask"),
    ("echo > firestore.rules", "ask"),
    ("sed -i s/request.auth/true/ firestore.rules", "ask"),
    ("cp empty.rules firestore.rules", "ask"),
    ("git checkout HEAD~1 -- firestore.rules", "ask"),
    ("X=firestore.rules; : > $X", "ask"),

    ("cat firestore.rules", "pass"),
    ("grep -n request.auth firestore.rules", "pass"),
    ("echo 'rm firestore.rules'", "pass"),
    ("git commit -m 'rm firestore.rules'", "pass"),
    ("rm empty.rules", "pass"),
    ("rm infra/prod/web.tf", "pass"),
    ("rm src/main.rs", "pass"),
    ("rm -rf src", "pass"),
    ("find . -name '*.orig' -delete", "pass"),
    ("find infra -name web.tf -delete", "pass"),
    ("echo '// end' >> firestore.rules", "pass"),
    ("cp firestore.rules /tmp/backup.rules", "pass"),
    ("echo 'request.auth' > new.rules", "pass"),
    ("git checkout main", "pass"),
];
