//! Finds the files that `cp`, `mv`, `rsync` and similar programs write.

use crate::command::{Folder, Word};
use crate::files::{Write, last_part, path};
use crate::options::{Argument, Options};

pub(crate) const COPY: Options = Options::new("tSgmo", "target-directory suffix group mode owner context");
pub(crate) const RSYNC: Options = Options::new(
    "efTBM@",
    "rsh filter exclude include exclude-from include-from files-from temp-dir log-file \
    bwlimit timeout port suffix backup-dir compare-dest copy-dest link-dest chmod chown \
    max-size min-size rsync-path partial-dir",
);
pub(crate) const SCP: Options = Options::new("cDFiJloPSX", "");

/// `cp`, `mv`, `install` and `ln`.
pub(crate) fn copies(
    words: &[Word],
    options: Options,
    folder: &Folder,
    by: &'static str,
    writes: &mut Vec<Write>,
) {
    let mut operands: Vec<&Word> = Vec::new();
    let mut into = None;
    let mut is_never_folder = false;
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("t" | "target-directory", Some(value)) => into = Some(value.to_word()),
            Argument::Option("T" | "no-target-directory", _) => is_never_folder = true,
            // `install -d` only creates folders.
            Argument::Option("d" | "directory", _) if by == "install" => return,
            Argument::Option(..) => {}
            Argument::Operand(at) => operands.push(&words[at]),
        }
    }
    let last = match into {
        Some(into) => into,
        // With one operand `ln` creates the link in the current folder.
        None if by == "ln" && operands.len() == 1 => Word::literal("./"),
        None if operands.len() < 2 => return,
        None => match operands.pop() {
            Some(last) if operands.len() == 1 && !last.text.ends_with('/') && operands[0].is_literal => {
                let inside = path(operands[0]).as_deref().and_then(last_part).map(str::to_owned);
                let target = Write::file(last, folder, by);
                writes.push(if is_never_folder {
                    target
                } else {
                    Write { may_be_folder: true, inside, ..target }
                });
                return;
            }
            Some(last) => last.clone(),
            None => return,
        },
    };
    let Some(base) = path(&last) else {
        writes.push(Write::unknown(folder, by));
        return;
    };
    for source in operands {
        let name = path(source).as_deref().and_then(last_part).map(str::to_owned);
        writes.push(match name {
            Some(name) => {
                let base = if base == "./" { "" } else { base.trim_end_matches('/') };
                let target = if base.is_empty() && !last.text.starts_with('/') {
                    name
                } else {
                    format!("{base}/{name}")
                };
                let target = Some(target);
                Write {
                    target,
                    pattern: None,
                    folder: folder.clone(),
                    by,
                    may_be_folder: false,
                    inside: None,
                }
            }
            None => Write::tree(&last, folder, by),
        });
    }
}

/// `rsync` and `scp`: the last operand, unless it is on another machine.
pub(crate) fn transfers(
    words: &[Word],
    options: Options,
    folder: &Folder,
    by: &'static str,
    writes: &mut Vec<Write>,
) {
    let mut operands = options.operands(words, 1);
    let Some(last) = operands.pop().filter(|_| !operands.is_empty()) else { return };
    let host = last.text.find(':').filter(|colon| !last.text[..*colon].contains('/'));
    if host.is_none() && !words.iter().any(|word| word.text == "--dry-run") {
        let inside = operands.first().filter(|_| operands.len() == 1).and_then(|source| {
            // `rsync` copies the content of `x/`, and not the folder itself.
            let is_one = source.is_literal && !(by == "rsync" && source.text.ends_with('/'));
            last_part(source.text.rsplit(':').next()?).filter(|_| is_one).map(str::to_owned)
        });
        writes.push(Write { inside, ..Write::tree(last, folder, by) });
    }
}
