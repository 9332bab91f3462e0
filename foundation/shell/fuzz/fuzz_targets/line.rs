//! No line panics, hangs, or breaks what is promised of its words.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let script = shell::parse(line);
    for command in &script.commands {
        for text in command.texts() {
            assert!(!text.contains(['\n', ';', '|', '&', '<', '>', '(', ')']), "{text:?}");
        }
        let _ = (command.program(), command.arguments(), command.without_global_options());
    }
    let _ = (script.writes(), script.removes(), script.doubt.map(|doubt| doubt.to_string()));
    // A text within single quotes is one word, whatever it is.
    let quoted = format!("bash -c '{}'", line.replace('\'', "'\\''"));
    let quoted = shell::parse(&quoted);
    assert!(quoted.commands.first().is_some_and(|command| command.program() == Some("bash")));
});
