//! Which functions hooks run: `setup/layout.ld`, from the very cases that are timed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use tests::World;

use super::{Case, payload_file};

const HEAD: &str = "\
/* What hooks run, first what most of them run: the linker puts it together, see layout.rs.
   Written by `CARGO_PROFILE_RELEASE_STRIP=none cargo figures --layout`; a name that is not there does no harm. */
SECTIONS
{
  .text.hot_path : {
";
const TAIL: &str = "\
  }
}
INSERT BEFORE .text;
";

/// Runs each case under callgrind and writes the linker script.
pub fn write(worlds: &[(&World, &[Case])]) -> ExitCode {
    let library = c_library();
    let mut functions: BTreeMap<String, Uses> = BTreeMap::new();
    let cases = worlds.iter().flat_map(|(world, cases)| cases.iter().map(move |case| (world, case)));
    for (at, (world, case)) in cases.enumerate() {
        let found = run(world, case, &library);
        if !found.iter().any(|pattern| pattern.contains("._R")) {
            println!(
                "{}: no function has a name. It wants valgrind, and executables with symbols: CARGO_PROFILE_RELEASE_STRIP=none cargo figures --layout",
                case.name
            );
            return ExitCode::FAILURE;
        }
        println!("{:28} {:>6} functions", case.name, found.len());
        for function in found {
            let uses = functions.entry(function).or_default();
            *(if case.is_steady { &mut uses.steady } else { &mut uses.other }) |= 1 << at;
        }
    }
    let functions = ordered(functions);
    let lines: String = functions.iter().map(|pattern| format!("    {pattern}\n")).collect();
    let path = setup::workspace().join("setup/layout.ld");
    std::fs::write(&path, format!("{HEAD}{lines}{TAIL}")).expect("the layout is written");
    println!("\nWrote {} functions into {}.", functions.len(), path.display());
    ExitCode::SUCCESS
}

/// In which cases a function runs, a bit a case.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Uses {
    steady: u64,
    other: u64,
}

/// What runs in the same steady cases lies together, and beside it what runs in nearly the same: each page that a case
/// reads is then full of what it runs. What no steady case runs comes last.
fn ordered(functions: BTreeMap<String, Uses>) -> Vec<String> {
    let mut groups: BTreeMap<u64, Vec<(u64, String)>> = BTreeMap::new();
    for (function, uses) in functions {
        groups.entry(uses.steady).or_default().push((uses.other, function));
    }
    let mut order = Vec::new();
    let mut last = u64::MAX;
    while !groups.is_empty() {
        let distance = |steady: &u64| (*steady == 0, (steady ^ last).count_ones(), u64::MAX - steady);
        let Some(next) = groups.keys().copied().min_by_key(distance) else { break };
        let mut group = groups.remove(&next).unwrap_or_default();
        group.sort_by_key(|(other, _)| std::cmp::Reverse((other.count_ones(), *other)));
        order.extend(group.into_iter().map(|(_, function)| function));
        last = next;
    }
    order
}

/// The object files of the C library by the functions in them.
fn c_library() -> BTreeMap<String, String> {
    let path = Command::new("cc").arg("-print-file-name=libc.a").output().expect("cc").stdout;
    let path = String::from_utf8(path).expect("a path");
    let symbols = Command::new("nm").args(["-A", "--defined-only", path.trim()]).output();
    let symbols = String::from_utf8_lossy(&symbols.expect("nm").stdout).into_owned();
    // libc.a:malloc.o:0000000000000c10 T malloc
    let functions = symbols.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let object = words.next()?.split(':').rev().nth(1)?;
        let kind = words.next()?;
        let name = words.next()?;
        matches!(kind, "t" | "T" | "w" | "W" | "i").then(|| (name.to_owned(), object.to_owned()))
    });
    // The first object that has a name is the one that the linker takes.
    functions.fold(BTreeMap::new(), |mut map, (name, object)| {
        map.entry(name).or_insert(object);
        map
    })
}

/// The patterns of the functions that a case runs.
fn run(world: &World, case: &Case, library: &BTreeMap<String, String>) -> Vec<String> {
    let payload = payload_file(world, case);
    (case.prepare)(world);
    let profile = world.root().join("profile");
    let mut valgrind = world.command("valgrind");
    valgrind.args(["--tool=callgrind", "--demangle=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", profile.display()));
    valgrind.arg(tests::executables().join(case.executable));
    valgrind.stdin(std::fs::File::open(payload).expect("the payload"));
    let status = valgrind.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.map_or_else(|_| Vec::new(), |_| patterns(&profile, library))
}

/// `fn=(12) name` and `cfn=(12) name`, each name once; a recursion adds `'2` to it.
fn patterns(profile: &Path, library: &BTreeMap<String, String>) -> Vec<String> {
    let text = std::fs::read(profile).expect("a profile");
    let text = String::from_utf8_lossy(&text);
    let names = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("fn=(").or_else(|| line.strip_prefix("cfn=("))?;
        let name = rest.split_once(") ")?.1.split('\'').next()?;
        pattern(name)
            .map(|name| format!("*(.text*.{name} .text*.{name}.*)"))
            .or_else(|| library.get(name).map(|object| format!("*libc.a:{object}(.text .text.*)")))
    });
    let mut patterns: Vec<String> = names.collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

/// A function of Rust's, without what changes from build to build: the hashes of crates (`Cs` to `_`), the
/// back-references (`B` to `_`), which count the hashes' digits, and what the optimiser adds (`.llvm.123`, `.123`).
fn pattern(name: &str) -> Option<String> {
    let mut rest = name.strip_prefix("_R")?;
    rest = &rest[..rest.find('.').unwrap_or(rest.len())];
    let mut pattern = "_R".to_owned();
    while let Some(at) = rest.find(['C', 'B']) {
        let (before, after) = rest.split_at(at);
        pattern.push_str(before);
        let (tag, digits) = if after.starts_with("Cs") { ("Cs", 16) } else { (&after[..1], 3) };
        let after = &after[tag.len()..];
        pattern.push_str(tag);
        let end = after.find('_').filter(|&end| {
            tag != "C" && end <= digits && after[..end].bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if end.is_some() {
            pattern.push('*');
        }
        rest = &after[end.unwrap_or(0)..];
    }
    Some(pattern + rest)
}
