//! Irreversible actions on clusters, buckets, databases and packages. The list holds only commands with that
//! single purpose; a project's own commands belong into `rules`.

use platform::text::fact;
use shell::options::Options;
use shell::{Command, Input};

use super::given::CommandArguments;
use crate::objection::Objection;

/// A destructive command of a service.
struct Service {
    /// The programs, separated by spaces.
    programs: &'static str,
    /// The operands that it begins with; `|` separates alternatives.
    words: &'static [&'static str],
    /// Options of which one must be given; empty if none is needed.
    with: &'static [&'static str],
    /// Options that take the next word as their value.
    takes: Options,
    /// The effect.
    what: &'static str,
    /// What to do instead.
    way_out: &'static str,
}

const NONE: Options = Options::NONE;
const KUBE: Options = Options::new(
    "nflo",
    "namespace filename selector context kubeconfig cluster output grace-period timeout field-selector",
);
const REDIS: Options = Options::new("hpanus", "user pass sni cacert cert key tls-ciphers");
const CLOUD: Options =
    Options::new("", "profile region output endpoint-url project account instance format zone");

#[rustfmt::skip]
static SERVICES: &[Service] = &[
    Service { programs: "terraform tofu terragrunt", words: &["destroy"], with: &[], takes: NONE,
        what: "destroys all that the configuration manages", way_out: "look first: terraform plan -destroy; then ask the user to run it" },
    Service { programs: "terraform tofu terragrunt", words: &["apply"], with: &["destroy"], takes: NONE,
        what: "destroys all that the configuration manages", way_out: "look first: terraform plan -destroy; then ask the user to run it" },
    Service { programs: "terragrunt", words: &["run-all|run", "destroy"], with: &[], takes: NONE,
        what: "destroys all that every configuration here manages", way_out: "look first: terragrunt run-all plan -destroy; then ask the user to run it" },
    Service { programs: "pulumi", words: &["destroy|down"], with: &[], takes: NONE,
        what: "destroys all that the stack manages", way_out: "look first: pulumi preview --diff; then ask the user to run it" },
    Service { programs: "kubectl oc", words: &["delete", "namespace|namespaces|ns|project|pv|persistentvolume|persistentvolumes|crd|crds|customresourcedefinition"], with: &[], takes: KUBE,
        what: "deletes it and everything in it", way_out: "delete single objects by their name, or look first: kubectl delete --dry-run=server" },
    Service { programs: "kubectl oc", words: &["delete"], with: &["all"], takes: KUBE,
        what: "deletes every object of the kind", way_out: "delete single objects by their name, or look first: kubectl delete --dry-run=server" },
    Service { programs: "docker podman", words: &["system", "prune"], with: &["volumes"], takes: NONE,
        what: "removes every volume that no container uses now, with its data", way_out: "leave out `--volumes`" },
    Service { programs: "docker podman", words: &["volume", "prune"], with: &[], takes: NONE,
        what: "removes every volume that no container uses now, with its data", way_out: "look first: docker volume ls -f dangling=true; then ask the user to run it" },
    Service { programs: "docker podman", words: &["volume", "rm|remove"], with: &[], takes: NONE,
        what: "removes the volume with its data", way_out: "copy its data first: docker run --rm -v <volume>:/from -v \"$PWD\":/to busybox tar -C /from -cf /to/volume.tar ." },
    Service { programs: "aws", words: &["s3", "rb"], with: &["force"], takes: CLOUD,
        what: "removes the bucket with all that is in it", way_out: "look first: aws s3 ls --recursive --summarize; then ask the user to run it" },
    Service { programs: "aws", words: &["s3", "rm"], with: &["recursive"], takes: CLOUD,
        what: "removes everything below that path", way_out: "look first with `--dryrun`" },
    Service { programs: "aws", words: &["rds", "delete-db-instance|delete-db-cluster"], with: &[], takes: CLOUD,
        what: "deletes the database", way_out: "ask the user to run it" },
    Service { programs: "aws", words: &["dynamodb", "delete-table"], with: &[], takes: CLOUD,
        what: "deletes the table", way_out: "ask the user to run it" },
    Service { programs: "aws", words: &["cloudformation", "delete-stack"], with: &[], takes: CLOUD,
        what: "deletes all that the stack manages", way_out: "ask the user to run it" },
    Service { programs: "gcloud", words: &["projects", "delete"], with: &[], takes: CLOUD,
        what: "deletes the project with all that is in it", way_out: "ask the user to run it" },
    Service { programs: "gcloud", words: &["sql", "instances|databases|backups", "delete"], with: &[], takes: CLOUD,
        what: "deletes the database", way_out: "ask the user to run it" },
    Service { programs: "gcloud", words: &["storage", "rm"], with: &["r", "R", "recursive"], takes: CLOUD,
        what: "removes everything below that path", way_out: "look first: gcloud storage ls -r; then ask the user to run it" },
    Service { programs: "gsutil", words: &["rm"], with: &["r", "R"], takes: NONE,
        what: "removes everything below that path", way_out: "look first: gsutil ls -r; then ask the user to run it" },
    Service { programs: "az", words: &["group", "delete"], with: &[], takes: NONE,
        what: "deletes the resource group with all that is in it", way_out: "ask the user to run it" },
    Service { programs: "gh", words: &["repo", "delete"], with: &[], takes: NONE,
        what: "deletes the repository with its issues and pull requests", way_out: "archive it instead: gh repo archive" },
    Service { programs: "redis-cli valkey-cli", words: &["flushall|flushdb"], with: &[], takes: REDIS,
        what: "deletes every key", way_out: "delete single keys by their name: redis-cli del <key>" },
    Service { programs: "heroku", words: &["destroy|apps:destroy|addons:destroy|pg:reset|pipelines:destroy"], with: &[], takes: NONE,
        what: "destroys it with its data", way_out: "ask the user to run it" },
    Service { programs: "npm pnpm", words: &["unpublish"], with: &[], takes: NONE,
        what: "takes back what others may depend on", way_out: "deprecate it instead: npm deprecate <package>@<version> '<why>'" },
    Service { programs: "crontab", words: &[], with: &["r"], takes: Options::new("u", ""),
        what: "removes every job of the table", way_out: "keep a copy and change it: crontab -l > crontab.txt" },
];

/// The finding over a command.
pub fn find(command: &Command) -> Option<Objection> {
    let program = command.program()?;
    if let Some((service, words)) = service_of(program, command) {
        let called = fact(&format!("{program}{words}"));
        if is_among("terraform tofu terragrunt", program) && has_target(command) {
            let what = format!("{called} destroys what its `-target` names and all that depends on it");
            return Some(Objection::sure(what, TARGETED));
        }
        return Some(Objection::sure(format!("{called} {}", service.what), service.way_out));
    }
    match program {
        "dropdb" => drops(command),
        "gh" => deletes_repository(command),
        "mongo" | "mongosh" => empties_mongo(command),
        _ => None,
    }
}

/// The first row that the command matches, with the words that it matches by.
fn service_of(program: &str, command: &Command) -> Option<(&'static Service, String)> {
    let mut services = SERVICES.iter().filter(|service| is_among(service.programs, program));
    services.find_map(|service| Some((service, met(service, command)?)))
}

/// What to do instead of destroying a part.
const TARGETED: &str =
    "look first: terraform plan -destroy with the same `-target`; then ask the user to run it";

/// Terraform accepts one or two dashes for long options.
fn has_target(command: &Command) -> bool {
    let is_target = |word: &str| {
        word.strip_prefix('-').is_some_and(|word| {
            let word = word.trim_start_matches('-');
            word == "target" || word.starts_with("target=")
        })
    };
    command.arguments().iter().any(|word| is_target(&word.text))
}

/// Whether a program is in the list.
pub fn is_candidate(program: &str) -> bool {
    matches!(program, "dropdb" | "mongo" | "mongosh")
        || SERVICES.iter().any(|service| is_among(service.programs, program))
}

fn is_among(programs: &str, program: &str) -> bool {
    programs.split(' ').any(|name| name == program)
}

/// The words of a command that match the service, each after a space.
fn met(service: &Service, command: &Command) -> Option<String> {
    let words: Vec<_> = command.without_global_options().into_iter().skip(1).cloned().collect();
    let given = CommandArguments::of(&words, service.takes);
    // Terraform's long options may have one dash.
    let is_long = |word: &str, name: &str| name.len() > 1 && word.strip_prefix('-') == Some(name);
    let has = |name: &str| given.has(&[name]) || words.iter().any(|word| is_long(&word.text, name));
    let is_run = |kind: &str| matches!(kind, "none" | "false");
    let is_dry = given.has(&["dry-run"]) && !given.value(&["dry-run"]).is_some_and(is_run);
    if is_dry || has("dryrun") || has("help") {
        return None;
    }
    let mut met = String::new();
    let mut operands = given.all();
    for names in service.words {
        let operand = operands.next()?;
        // The resource of `kubectl delete ns/prod`: only the kind matters.
        let kind = operand.text.split('/').next().unwrap_or_default();
        names.split('|').find(|name| name.eq_ignore_ascii_case(kind))?;
        met.push(' ');
        met.push_str(kind);
    }
    if !service.with.is_empty() {
        let name = service.with.iter().find(|name| has(name))?;
        met.push_str(if name.len() == 1 { " -" } else { " --" });
        met.push_str(name);
    }
    Some(met)
}

/// Finds a dropped database, unless its name marks it as a test database.
fn drops(command: &Command) -> Option<Objection> {
    let options = Options::new("hpUW", "host port username maintenance-db");
    let given = CommandArguments::of(command.arguments(), options);
    let is_for_tests = |name: &str| {
        name.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| matches!(part, "test" | "tests" | "ci" | "tmp"))
    };
    let name = given.all().next()?;
    let is_meant = !is_for_tests(&name.text) && !given.has(&["help"]);
    is_meant.then(|| {
        Objection::sure(
            "`dropdb` deletes the database",
            format!(
                "keep a copy first: pg_dump -Fc {0} > {0}.dump; then ask the user to run it",
                plain(&name.text)
            ),
        )
    })
}

fn plain(name: &str) -> &str {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_plain { name } else { "<database>" }
}

/// Finds `gh api -X DELETE repos/owner/name`.
fn deletes_repository(command: &Command) -> Option<Objection> {
    let given = CommandArguments::of(
        command.arguments(),
        Options::new("XfFHqtp", "method field raw-field header jq template input hostname cache preview"),
    );
    let mut operands = given.all();
    let is_api = operands.next().is_some_and(|word| word.text == "api");
    let is_delete = given.value(&["X", "method"]).is_some_and(|method| method.eq_ignore_ascii_case("delete"));
    let path = operands.next()?.text.trim_matches('/');
    let is_repository = path.starts_with("repos/") && path.split('/').count() == 3;
    (is_api && is_delete && is_repository).then(|| {
        Objection::sure(
            "this deletes the repository with its issues and pull requests",
            "archive it instead: gh repo archive",
        )
    })
}

fn empties_mongo(command: &Command) -> Option<Objection> {
    let drops = |text: &str| text.contains("dropDatabase(");
    let by_input = matches!(&command.input, Input::Text(text) if drops(text));
    (by_input || command.arguments().iter().any(|word| drops(&word.text))).then(|| {
        Objection::sure(
            "`dropDatabase` deletes the database",
            "keep a copy first with `mongodump`, then ask the user to run it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for each row, in the order of the rows.
    const LINES: [&str; 24] = [
        "terraform destroy",
        "tofu apply -destroy",
        "terragrunt run-all destroy",
        "pulumi down",
        "kubectl delete namespace shop",
        "kubectl delete --all pods",
        "docker system prune --volumes",
        "docker volume prune",
        "podman volume rm data",
        "aws s3 rb s3://bucket --force",
        "aws s3 rm s3://bucket --recursive",
        "aws rds delete-db-cluster --db-cluster-identifier shop",
        "aws dynamodb delete-table --table-name shop",
        "aws cloudformation delete-stack --stack-name shop",
        "gcloud projects delete shop",
        "gcloud sql databases delete shop",
        "gcloud storage rm -r gs://bucket",
        "gsutil rm -r gs://bucket",
        "az group delete --name shop",
        "gh repo delete",
        "redis-cli flushdb",
        "heroku pg:reset",
        "npm unpublish left-pad",
        "crontab -r",
    ];

    /// The programs and the words of a row, each of which alone makes it match.
    const ALTERNATIVES: [&str; 28] = [
        "terraform apply -destroy",
        "tofu destroy",
        "terragrunt destroy",
        "terragrunt run destroy",
        "pulumi destroy",
        "oc delete project shop",
        "oc delete --all routes",
        "kubectl delete namespaces shop",
        "kubectl delete ns/shop",
        "kubectl delete pv disk",
        "kubectl delete persistentvolume disk",
        "kubectl delete persistentvolumes disk",
        "kubectl delete crd shops",
        "kubectl delete crds shops",
        "kubectl delete customresourcedefinition shops",
        "podman system prune --volumes",
        "docker volume remove data",
        "aws rds delete-db-instance --db-instance-identifier shop",
        "gcloud sql instances delete shop",
        "gcloud sql backups delete 7",
        "gcloud storage rm --recursive gs://bucket",
        "valkey-cli flushall",
        "heroku destroy",
        "heroku apps:destroy",
        "heroku addons:destroy",
        "heroku pipelines:destroy",
        "pnpm unpublish left-pad",
        "gsutil rm -R gs://bucket",
    ];

    fn row(line: &str) -> Option<usize> {
        let script = shell::parse(line);
        let command = &script.commands[0];
        let (service, _) = service_of(command.program()?, command)?;
        SERVICES.iter().position(|row| std::ptr::eq(row, service))
    }

    #[test]
    fn each_row_matches_its_line() {
        assert_eq!(LINES.len(), SERVICES.len());
        for (at, line) in LINES.iter().enumerate() {
            assert_eq!(row(line), Some(at), "{line}");
            let harmless = format!("{line} --help");
            assert_eq!(row(&harmless), None, "{harmless}");
        }
    }

    #[test]
    fn each_alternative_of_a_row_matches() {
        for line in ALTERNATIVES {
            assert!(row(line).is_some(), "{line}");
        }
    }

    /// A command that lacks one of a row's words or its option destroys nothing of that kind.
    #[test]
    fn each_word_of_a_row_counts() {
        for line in LINES {
            let words: Vec<&str> = line.split(' ').collect();
            let row = &SERVICES[row(line).unwrap()];
            let needed = row.words.len() + usize::from(!row.with.is_empty());
            assert!(needed > 0, "{line}");
            assert_eq!(self::row(words[0]), None, "{}", words[0]);
            if row.words.len() > 1 {
                let last = row.words.len();
                let shorter = words[..last].join(" ");
                assert_eq!(self::row(&shorter), None, "{shorter}");
            }
        }
    }
}
