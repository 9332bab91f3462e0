//! How long hooks take, against an empty process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tests::World;

use super::{Case, command, keep, payload_file};

pub fn time(world: &World, cases: &[Case], runs: usize) -> bool {
    let empty = empty_process(world);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let python = std::env::split_paths(&path).map(|dir| dir.join("python3")).find(|path| path.is_file());
    println!(
        "\n{runs} interleaved runs; milliseconds\n{:28} {:>7} {:>7} {:>6}  budget",
        "case", "median", "p95", "ratio"
    );
    let mut holds = true;
    for case in cases {
        let payload = payload_file(world, case);
        let executable = tests::executables().join(case.executable);
        let runs = if std::ptr::fn_addr_eq(case.prepare, keep as fn(&World)) { runs } else { runs.min(60) };
        let (mut base, mut hook) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            base.push(clock(command(world, &empty, &payload)));
            (case.prepare)(world);
            hook.push(clock(command(world, &executable, &payload)));
        }
        let (base, p95, median) =
            (quantile(&mut base, 0.5), quantile(&mut hook, 0.95), quantile(&mut hook, 0.5));
        let budget = case.with_git.unwrap_or(case.budget * base + 1.5 * f64::from(case.replaced));
        let verdict = if median <= budget { "" } else { "  OVER" };
        holds &= verdict.is_empty();
        println!("{:28} {median:>7.3} {p95:>7.3} {:>6.2}  {budget:.3}{verdict}", case.name, median / base);
    }
    let payload = payload_file(world, &cases[0]);
    let executable = tests::executables().join(cases[0].executable);
    let line = |name: &str, make: &dyn Fn() -> Command| {
        let mut times: Vec<f64> = (0..runs.min(100)).map(|_| clock(make())).collect();
        println!("{name:28} {:>7.3} {:>7.3}", quantile(&mut times, 0.5), quantile(&mut times, 0.95));
    };
    line("an empty static process", &|| command(world, &empty, &payload));
    line("the same hook through sh -c", &|| {
        let mut shell = command(world, Path::new("/bin/sh"), &payload);
        shell.arg("-c").arg(format!("\"{}\"; true", executable.display()));
        shell
    });
    if let Some(python3) = &python {
        line("python3 -c pass", &|| {
            let mut python = command(world, python3, &payload);
            python.args(["-c", "pass"]);
            python
        });
    }
    holds
}

/// A process that does nothing, of the same profile as the hooks.
pub fn empty_process(world: &World) -> PathBuf {
    let (source, empty) = (world.root().join("empty.rs"), world.root().join("empty"));
    std::fs::write(&source, "fn main() {}\n").expect("a source");
    let target = setup::host_target().expect("a target");
    let mut rustc = Command::new("rustc");
    rustc
        .args([
            "-O",
            "-C",
            "lto=fat",
            "-C",
            "codegen-units=1",
            "-C",
            "strip=symbols",
            "--target",
            &target,
            "-o",
        ])
        .arg(&empty);
    if target.contains("linux") {
        rustc.args(["-C", "target-feature=+crt-static", "-C", "relocation-model=static"]);
    }
    assert!(rustc.arg(&source).status().expect("rustc").success());
    empty
}

pub fn clock(mut command: Command) -> f64 {
    let started = Instant::now();
    let status = command.status().expect("it runs");
    let time = started.elapsed().as_secs_f64() * 1_000.0;
    assert!(status.success());
    time
}

pub fn quantile(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part) as usize]
}
