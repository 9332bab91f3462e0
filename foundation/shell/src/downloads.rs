//! Finds the files that downloads and archive programs write.

use crate::command::{Folder, Word};
use crate::files::{Write, below};
use crate::options::{Argument, Options};

const CURL: Options = Options::new(
    "oDcAbdeEFHKmPQrtTuUwxXyYzC",
    "output output-dir dump-header cookie-jar header data data-raw data-binary data-urlencode \
    request user user-agent url proxy form cookie max-time retry connect-timeout cacert cert \
    key referer upload-file write-out json retry-delay max-redirs resolve config range \
    continue-at interface limit-rate",
);
const WGET: Options = Options::new(
    "OoPaiUTtQwBDIlRAXe",
    "output-document output-file append-output directory-prefix input-file user-agent header \
    timeout tries user password post-data post-file level reject accept wait",
);
const TAR: Options = Options::new(
    "fCTXbgHIKNV",
    "file directory exclude files-from exclude-from transform strip-components \
    use-compress-program",
);

pub(crate) fn curl(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    let mut keeps_name = false;
    let mut files = Vec::new();
    let mut addresses = Vec::new();
    for argument in CURL.read(words, 1) {
        match argument {
            Argument::Option("o" | "output", Some(value)) => files.push((value.to_word(), true)),
            Argument::Option("D" | "dump-header" | "c" | "cookie-jar", Some(value)) => {
                files.push((value.to_word(), false));
            }
            Argument::Option("O" | "remote-name" | "remote-name-all", _) => keeps_name = true,
            Argument::Option("output-dir", Some(value)) => inside = below(folder, &value.to_word()),
            Argument::Option("url", Some(value)) => addresses.push(value.to_word()),
            Argument::Option(..) => {}
            Argument::Operand(at) => addresses.push(words[at].clone()),
        }
    }
    // `--output-dir` applies to outputs, not to headers and cookies.
    for (file, is_output) in &files {
        writes.push(Write::file(file, if *is_output { &inside } else { folder }, "curl"));
    }
    if keeps_name {
        writes.extend(addresses.iter().map(|address| downloaded(address, &inside, "curl")));
    }
}

pub(crate) fn wget(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    let mut is_named = false;
    let mut addresses = Vec::new();
    for argument in WGET.read(words, 1) {
        match argument {
            Argument::Option("O" | "output-document", Some(value)) => {
                is_named = true;
                writes.push(Write::file(&value.to_word(), folder, "wget"));
            }
            Argument::Option("o" | "output-file" | "a" | "append-output", Some(value)) => {
                writes.push(Write::file(&value.to_word(), folder, "wget"));
            }
            Argument::Option("P" | "directory-prefix", Some(value)) => {
                inside = below(folder, &value.to_word());
            }
            Argument::Option("spider", _) => is_named = true,
            Argument::Option(..) => {}
            Argument::Operand(at) => addresses.push(&words[at]),
        }
    }
    if !is_named {
        writes.extend(addresses.into_iter().map(|address| downloaded(address, &inside, "wget")));
    }
}

/// The file that is named after the address of a download.
fn downloaded(address: &Word, folder: &Folder, by: &'static str) -> Write {
    let (_, rest) = address.text.split_once("://").unwrap_or(("", &address.text));
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let name = rest.split_once('/').and_then(|(_, path)| path.rsplit('/').next());
    match name.filter(|name| address.is_literal && !name.is_empty()) {
        Some(name) => Write::file(&Word::literal(name), folder, by),
        None => Write::unknown(folder, by),
    }
}

pub(crate) fn tar(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut words = words.to_vec();
    // `tar xzf file`: the dash may be missing.
    if let Some(first) = words.get_mut(1).filter(|word| !word.text.starts_with('-')) {
        first.text.insert(0, '-');
    }
    let mut inside = folder.clone();
    let mut archive = None;
    let (mut extracts, mut creates, mut prints) = (false, false, false);
    for argument in TAR.read(&words, 1) {
        match argument {
            Argument::Option("x" | "extract" | "get", _) => extracts = true,
            Argument::Option("c" | "create" | "r" | "append" | "u" | "update" | "A", _) => creates = true,
            Argument::Option("O" | "to-stdout", _) => prints = true,
            Argument::Option("f" | "file", Some(value)) => archive = Some(value.to_word()),
            Argument::Option("C" | "directory", Some(value)) => inside = below(&inside, &value.to_word()),
            _ => {}
        }
    }
    if creates {
        writes.extend(archive.map(|archive| Write::file(&archive, folder, "tar")));
    } else if extracts && !prints {
        writes.push(Write::unknown(&inside, "tar"));
    }
}

pub(crate) fn unzip(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    for argument in Options::new("dxP", "").read(words, 1) {
        match argument {
            Argument::Option("l" | "p" | "t" | "v" | "Z" | "c", _) => return,
            Argument::Option("d", Some(value)) => inside = below(folder, &value.to_word()),
            _ => {}
        }
    }
    writes.push(Write::unknown(&inside, "unzip"));
}
