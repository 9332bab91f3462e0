use super::*;

/// What stands for a secret in the rows: none may be left.
const SECRETS: [&str; 3] = ["hunter2", "correct", "staple"];

#[test]
fn secrets_disappear_and_the_shape_stays() {
    let mut wrong = Vec::new();
    for (given, expected) in [
        // By the name of a variable, option or key.
        ("PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=[redacted] psql -h db"),
        ("DB_PASS=hunter2 ./run", "DB_PASS=[redacted] ./run"),
        ("export API_KEY='correct staple' x", "export API_KEY=[redacted]' x"),
        (r"export API_KEY=correct\ staple x", "export API_KEY=[redacted] x"),
        ("mysql --password 'correct staple' db", "mysql --password [redacted]' db"),
        ("mysql --password hunter2 db", "mysql --password [redacted] db"),
        ("mysql --password=hunter2 db", "mysql --password=[redacted] db"),
        ("influx -password hunter2 -execute x", "influx -password [redacted] -execute x"),
        ("gpg --batch --passphrase hunter2 -d x", "gpg --batch --passphrase [redacted] -d x"),
        ("az storage blob list --account-key hunter2", "az storage blob list --account-key [redacted]"),
        ("tool --db-password hunter2 --verbose", "tool --db-password [redacted] --verbose"),
        ("vault kv put secret/db password=hunter2", "vault kv put secret/db password=[redacted]"),
        (
            "kubectl create secret generic db --from-literal=password=hunter2",
            "kubectl create secret generic db --from-literal=password=[redacted]",
        ),
        (
            "docker run -e MYSQL_ROOT_PASSWORD=hunter2 mysql",
            "docker run -e MYSQL_ROOT_PASSWORD=[redacted] mysql",
        ),
        ("curl 'https://h/x?page=2&token=hunter2&z=1'", "curl 'https://h/x?page=2&token=[redacted]&z=1'"),
        ("psql 'host=db password=hunter2'", "psql 'host=db password=[redacted]'"),
        ("echo ${PASSWORD:-hunter2}", "echo ${PASSWORD:[redacted]}"),
        ("./run --set=auth.password='correct staple' x", "./run --set=auth.password=[redacted]' x"),
        ("htpasswd -b f me hunter2 && echo ok", "htpasswd -b f [redacted] [redacted] && echo ok"),
        (
            "aws configure set aws_secret_access_key hunter2",
            "aws configure set aws_secret_access_key [redacted]",
        ),
        (
            "npm config set //r.example/:_authToken hunter2",
            "npm config set //r.example/:_authToken [redacted]",
        ),
        ("SECRET_KEY_BASE=hunter2 rails s", "SECRET_KEY_BASE=[redacted] rails s"),
        ("RAILS_MASTER_KEY=hunter2 rails s", "RAILS_MASTER_KEY=[redacted] rails s"),
        ("SSHPASS=hunter2 sshpass -e ssh h", "SSHPASS=[redacted] sshpass -e ssh h"),
        ("REDISCLI_AUTH=hunter2 redis-cli get x", "REDISCLI_AUTH=[redacted] redis-cli get x"),
        ("TF_TOKEN_app=hunter2 terraform plan", "TF_TOKEN_app=[redacted] terraform plan"),
        ("set -gx API_KEY hunter2", "set -gx API_KEY [redacted]"),
        ("setenv API_KEY hunter2", "setenv API_KEY [redacted]"),
        ("git config user.password hunter2", "git config user.password [redacted]"),
        ("tool --password1 hunter2 x", "tool --password1 [redacted] x"),
        ("x 'AccountKey=hunter2'", "x 'AccountKey=[redacted]'"),
        ("python -c 'password = \"hunter2\"'", "python -c 'password = [redacted]\"'"),
        ("echo '{\"password\" : \"hunter2\"}'", "echo '{\"password\" : [redacted]\"}'"),
        ("os.environ['API_KEY'] = 'hunter2'", "os.environ['API_KEY'] = [redacted]'"),
        ("yq '.token = \"hunter2\"' f", "yq '.token = [redacted]\"' f"),
        (r"curl -H Authorization:\ Bearer\ hunter2 x", r"curl -H Authorization:\ Bearer\ [redacted] x"),
        ("http x Authorization:'Bearer hunter2'", "http x Authorization:[redacted]'"),
        (
            "curl -H 'Ocp-Apim-Subscription-Key: hunter2' x",
            "curl -H 'Ocp-Apim-Subscription-Key: [redacted]' x",
        ),
        ("xh --bearer hunter2 h", "xh --bearer [redacted] h"),
        (
            "psql -c \"ALTER USER x WITH PASSWORD 'hunter2'\"",
            "psql -c \"ALTER USER x WITH PASSWORD [redacted]'\"",
        ),
        (
            "mysql -e \"CREATE USER x IDENTIFIED BY 'hunter2'\"",
            "mysql -e \"CREATE USER x IDENTIFIED BY [redacted]'\"",
        ),
        ("keytool -storepass hunter2 -list", "keytool -storepass [redacted] -list"),
        ("plink -pw hunter2 h", "plink -pw [redacted] h"),
        ("mysqladmin -u root password hunter2", "mysqladmin -u root password [redacted]"),
        ("gh secret set X -b hunter2", "gh secret set X -b [redacted]"),
        (
            "aws ssm put-parameter --name x --value hunter2",
            "aws ssm put-parameter --name x --value [redacted]",
        ),
        ("redis-cli AUTH hunter2", "redis-cli AUTH [redacted]"),
        ("echo hunter2 | sudo -S apt update", "echo [redacted] | sudo -S apt update"),
        ("echo 'u:hunter2' | chpasswd", "echo [redacted] | chpasswd"),
        (
            "docker login -u me --password-stdin <<< hunter2",
            "docker login -u me --password-stdin <<< [redacted]",
        ),
        ("curl -H\"Authorization:Basic hunter2\" h", "curl -H\"Authorization:[redacted] [redacted]\" h"),
        (
            "az keyvault secret set --name x --value hunter2",
            "az keyvault secret set --name x --value [redacted]",
        ),
        ("git config --global user.token hunter2", "git config --global user.token [redacted]"),
        ("netlify env:set API_KEY hunter2", "netlify env:set API_KEY [redacted]"),
        ("DB_PW=hunter2 JWT=correct ./x", "DB_PW=[redacted] JWT=[redacted] ./x"),
        ("curl -d hf_hunter2hunter2hunter2hunter2 h", "curl -d [redacted] h"),
        ("ab -A me:hunter2 http://h/", "ab -A me:[redacted] http://h/"),
        ("openssl enc -pass pass:hunter2 -in x", "openssl enc -pass [redacted] -in x"),
        ("openssl rsa -passin pass:hunter2 -in x", "openssl rsa -passin pass:[redacted] -in x"),
        // Headers.
        ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: Bearer [redacted]' x"),
        ("curl -H \"Authorization: Basic hunter2\"", "curl -H \"Authorization: Basic [redacted]\""),
        ("curl -H 'Authorization: ApiKey hunter2' x", "curl -H 'Authorization: [redacted]' x"),
        (
            "curl -H 'Authorization: AWS4-HMAC-SHA256 Credential=correct, Signature=staple' x",
            "curl -H 'Authorization: [redacted]' x",
        ),
        ("Authorization: ApiKey hunter2 x", "Authorization: [redacted] [redacted] x"),
        ("curl -H 'Authorization: hunter2' x", "curl -H 'Authorization: [redacted]' x"),
        ("curl -H 'Cookie: a=correct; b=staple' x", "curl -H 'Cookie: [redacted]' x"),
        ("curl -H 'X-Api-Key: hunter2' x", "curl -H 'X-Api-Key: [redacted]' x"),
        // URLs and issuers' prefixes.
        ("git clone https://me:hunter2@host/x.git", "git clone https://me:[redacted]@host/x.git"),
        ("git clone https://hunter2@host/x.git", "git clone https://[redacted]@host/x.git"),
        ("echo ghp_hunter2hunter2hunter2hunter2", "echo [redacted]"),
        ("mysql -pghp_hunter2hunter2hunter2hunter2", "mysql -p[redacted]"),
        ("aws AKIAABCDEFGHIJKLMNOP go", "aws [redacted] go"),
        // Options whose name does not say it.
        ("mysql -uroot -phunter2 db", "mysql -uroot -p[redacted] db"),
        ("mysql -u root -p'correct staple' db", "mysql -u root -p'[redacted]' db"),
        ("/usr/bin/mysqldump -phunter2 db > x", "/usr/bin/mysqldump -p[redacted] db > x"),
        ("mariadb-dump -phunter2 db", "mariadb-dump -p[redacted] db"),
        ("docker exec db mysql -phunter2 -e 'x'", "docker exec db mysql -p[redacted] -e 'x'"),
        ("bash -c \"mysql -phunter2\"", "bash -c \"mysql -p[redacted]\""),
        ("cd x;mysql -phunter2", "cd x;mysql -p[redacted]"),
        ("mysql -h db \\\n  -phunter2", "mysql -h db \\\n  -p[redacted]"),
        ("curl -u alice:hunter2 https://h", "curl -u alice:[redacted] https://h"),
        ("curl -ualice:hunter2 https://h", "curl -ualice:[redacted] https://h"),
        ("curl -sSLu alice:hunter2 https://h", "curl -sSLu alice:[redacted] https://h"),
        ("curl --user 'alice:correct staple' https://h", "curl --user 'alice:[redacted]' https://h"),
        ("curl --user=alice:hunter2 https://h", "curl --user=alice:[redacted] https://h"),
        ("curl -x p -U alice:hunter2 https://h", "curl -x p -U alice:[redacted] https://h"),
        ("curl -b 'sid=correct; x=staple' https://h", "curl -b 'sid=[redacted];' https://h"),
        ("curl --oauth2-bearer hunter2 https://h", "curl --oauth2-bearer [redacted] https://h"),
        ("http -a alice:hunter2 h/x", "http -a [redacted] h/x"),
        ("sshpass -p hunter2 ssh h", "sshpass -p [redacted] ssh h"),
        ("sshpass -phunter2 ssh h", "sshpass -p[redacted] ssh h"),
        ("redis-cli -h r -a hunter2 get x", "redis-cli -h r -a [redacted] get x"),
        ("docker login -u me -p hunter2 r.example", "docker login -u me -p [redacted] r.example"),
        ("skopeo copy --src-creds me:hunter2 a b", "skopeo copy --src-creds me:[redacted] a b"),
        ("cargo login hunter2", "cargo login [redacted]"),
        ("vault login hunter2", "vault login [redacted]"),
        ("mongosh -u me -p hunter2 db", "mongosh -u me -p [redacted] db"),
        ("sqlcmd -S h -P hunter2 -Q x", "sqlcmd -S h -P [redacted] -Q x"),
        ("ldapsearch -D cn=x -w hunter2 -b dc=x", "ldapsearch -D cn=x -w [redacted] -b dc=x"),
        ("smbclient //h/x -U me%hunter2", "smbclient //h/x -U me%[redacted]"),
        ("lftp -u me,hunter2 h", "lftp -u me,[redacted] h"),
        ("zip -P hunter2 a.zip b", "zip -P [redacted] a.zip b"),
        ("7z a -phunter2 a.7z b", "7z a -p[redacted] a.7z b"),
        ("openssl enc -aes-256-cbc -k hunter2 -in x", "openssl enc -aes-256-cbc -k [redacted] -in x"),
        ("ssh-keygen -t ed25519 -N hunter2 -f k", "ssh-keygen -t ed25519 -N [redacted] -f k"),
        ("htpasswd -b f me hunter2", "htpasswd -b f [redacted] [redacted]"),
        ("sqlplus scott/hunter2@db @x.sql", "sqlplus scott/[redacted] @x.sql"),
        ("xfreerdp /u:me /p:hunter2 /v:h", "xfreerdp /u:me /p:[redacted] /v:h"),
    ] {
        let found = redact(given);
        if found != expected {
            wrong.push(format!("{given}\n   is {found}\n  not {expected}"));
        }
        assert!(SECRETS.iter().all(|secret| !expected.contains(secret)), "{given} -> {expected}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_is_hidden_from_the_value_on() {
    for given in [r#"{"token": "hunter2", "x": 1}"#, r#"{"token":"hunter2","x":1}"#] {
        assert!(!redact(given).contains("hunter2"), "{given}");
    }
}

#[test]
fn ordinary_commands_are_left_alone() {
    let mut wrong = Vec::new();
    for command in [
        "git commit -m 'add token refresh'",
        "cargo test --workspace",
        "cargo test auth::token::refresh -p hooks",
        "git push origin HEAD:refs/heads/x",
        "rg 'password' src",
        "open https://example.org/a?b=c",
        "ls keys/ monkey.txt",
        "export TOKEN=$CI_TOKEN",
        "kubectl get secret db",
        "mysql -u root -p db",
        "mysql -uroot -p$PASS db",
        "mysql -h db; tar -pxf a.tar",
        "mysql -h db\ntar -pxf a.tar",
        "mysql -h db | grep -pq x",
        "mkdir -p src/a && cp -pr a b",
        "curl -sSLo out https://example.org/x",
        "curl -u \"$USER:$PASS\" https://h",
        "curl -u alice https://h",
        "curl -b cookies.txt https://h",
        "docker run -p 8080:80 mysql",
        "docker run --name mysql -p 8080:80 x",
        "unzip -p a.zip b",
        "7z x a.7z",
        "openssl x509 -in a.pem -noout",
        "npm test -- --no-token x",
        "tool --ask-password user",
        "redis-cli -h r get x",
        "npx http-server -a 127.0.0.1",
        "cargo run --bin login -p mycrate",
        "./login -p 8080",
        "npm run login -- -p 3000",
        "grep login -p src",
        "rg secret -b src",
        "git clone ssh://git@github.com/a/b",
        "cargo test -p login -p parser",
        "rg bearer token docs",
        "rg -n \"password:\" src",
        "rg \"Authorization: \" -n",
        "echo hello | tee x",
        "sort -k2 --key=1 x",
        "jq '.primary_key = 1' x",
        "terraform plan -var region=eu",
        "git log --author=me --pretty=format:%h",
        "tar --bypass x",
    ] {
        if redact(command) != command {
            wrong.push(format!("{command}\n   is {}", redact(command)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "(mysql|curl|htpasswd|cargo login|set|-[pu]|--user|[A-Za-z_]*PASS|token|=|:|'|\"|\\\\|\\$|é|[ \n;|&/@%-])*") {
        let once = redact(&text).into_owned();
        proptest::prop_assert!(once.len() <= text.len() * (MARK.len() + 1) + MARK.len());
    }
}
