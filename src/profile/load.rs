//! From a name or a text to a profile, complete and checked.
//!
//! A profile that is `like` a bundled one is the bundled one's tree with its own values laid over it, each with its place:
//! so the mistakes of either kind are found in the same way.

use std::path::Path;
use std::sync::Arc;

use super::declare::{CostTable, read};
use super::{MachineCosts, PROFILE, Profile, PythonCosts};
use crate::input::{
    Complaint, Complaints, Diagnostics, Key, Node, Place, Reader, Reading, Shape, Table, Value, Word, Words,
    did_you_mean, list, nearest, parse_document, read_text,
};

/// Declares the bundled profiles: the name, which is also that of the file, and what the profile describes.
macro_rules! bundled {
    ($($name:literal => $about:literal,)+) => {
        /// The profiles that are part of gilsim: name and text.
        const BUNDLED: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".toml")))),+];
        /// Their names, as words of the format.
        static NAMES: Words = Words {
            list: &[$(Word::new($name, $about)),+],
            otherwise: None,
        };
    };
}

bundled! {
    "linux-x86_64" => "An x86-64 Linux machine with usual costs; the complete profile.",
    "linux-2012-laptop" => "A Thinkpad T430 of 2012 with Debian 11 in a virtual machine.",
    "linux-2-cpu-vm" => "A shared virtual machine with two CPUs of an AMD EPYC.",
    "linux-2021-server" => "An x86-64 Linux server of 2021.",
    "linux-2023-8-cores" => "A Linux machine of 2023 with eight cores and sixteen hardware threads.",
    "linux-2025-desktop" => "An AMD Ryzen 9 9950X of 2025 with Linux 6.17.",
    "macos-2009-macbook" => "A MacBook of 2009 with two cores and Mac OS X 10.5.",
    "macos-2010-mac-pro" => "A Mac Pro of 2010 with four cores and Mac OS X 10.6.",
    "macos-2021-laptop" => "A MacBook Pro of 2021 with two cores and hyper-threading.",
}

/// `like`
pub(super) const LIKE: Key = Key::optional(
    "like",
    Shape::Words(&NAMES),
    "The bundled profile that has all values that this one does not state.",
)
.fixed();

/// The bundled profile that mistakes are looked for with where a profile should be `like` one and is not.
const MODEL: &str = "linux-x86_64";

/// The longest profile that is read.
const LONGEST_PROFILE: u64 = 4 << 20;

impl Profile {
    /// A bundled profile, or a file whose path is relative to `base`.
    ///
    /// # Errors
    /// Everything that is wrong, with its place: there is no such profile or file, or it is not a complete profile.
    pub fn load(name: &str, base: &Path) -> Result<Arc<Self>, Diagnostics> {
        let complaints = Complaints::new();
        let profile = Self::read(&complaints, name, base, None);
        finish(profile, complaints)
    }

    /// A profile from its text. One that is `like` a bundled profile states only the differences.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let complaints = Complaints::new();
        let source = complaints.add_source(name, text);
        let profile = decode(&complaints, source, name, text);
        finish(profile, complaints)
    }

    /// A file that is a profile rather than a scenario, or everything that is wrong with it. `None` where it is not
    /// readable TOML with tables of a profile and none of a scenario.
    pub(crate) fn check_file(path: &Path) -> Option<Result<Self, Diagnostics>> {
        let complaints = Complaints::new();
        let name = path.display().to_string();
        let source = read_text(&complaints, path, &name, LONGEST_PROFILE, None)?;
        let text = complaints.source_text(source);
        let Value::Table(root) = parse_document(&complaints, source, &text)?.value else {
            return None;
        };
        let is_scenario = ["machine", "task", "run"]
            .iter()
            .any(|key| root.get(key).is_some());
        let is_profile = root.entries.iter().any(|entry| PROFILE.key(&entry.key).is_some());
        (is_profile && !is_scenario).then(|| Self::parse(&name, &text))
    }

    /// As [`Profile::load`], with the complaints of the file that names the profile at `wanted_at`. Where something is
    /// wrong, a complaint says so even if there is a profile.
    pub(crate) fn read(
        complaints: &Complaints,
        name: &str,
        base: &Path,
        wanted_at: Option<Place>,
    ) -> Option<Arc<Self>> {
        if let Some(text) = bundled(name) {
            let source = complaints.add_source(name, text);
            return decode(complaints, source, name, text).map(Arc::new);
        }
        let path = base.join(name);
        let shown = path.display().to_string();
        if !path.exists() {
            let place = wanted_at.unwrap_or_else(|| Place::whole(complaints.add_source(shown.as_str(), "")));
            let complaint = Complaint::at(place, format!("there is no profile `{name}`"))
                .label(did_you_mean(name, NAMES.names()).unwrap_or_else(|| "no such file".to_owned()))
                .help(format!(
                    "the bundled profiles are {}",
                    list(&NAMES.names(), "and")
                ))
                .help("any other profile is the path of a .toml file, relative to the file that names it");
            return complaints.refuse(complaint);
        }
        let source = read_text(complaints, &path, &shown, LONGEST_PROFILE, wanted_at)?;
        decode(complaints, source, name, &complaints.source_text(source)).map(Arc::new)
    }
}

fn finish<P>(profile: Option<P>, complaints: Complaints) -> Result<P, Diagnostics> {
    match profile {
        Some(profile) if complaints.is_empty() => Ok(profile),
        _ => Err(complaints.into_diagnostics()),
    }
}

fn decode(complaints: &Complaints, source: usize, name: &str, text: &str) -> Option<Profile> {
    let (root, text) = with_all_it_is_like(complaints, source, text)?;
    let reader = Reader::open(Reading::new(complaints), &root, &PROFILE)?;
    let description = read(&reader, "description");
    let (machine, python) = (MachineCosts::read_all(&reader), PythonCosts::read_all(&reader));
    Some(Profile {
        name: name.to_owned(),
        text,
        description: description?,
        machine: machine?,
        python: python?,
    })
}

/// The tree that a profile's text stands for, and the texts that it was made from.
fn with_all_it_is_like(complaints: &Complaints, source: usize, text: &str) -> Option<(Node, String)> {
    let root = parse_document(complaints, source, text)?;
    let Value::Table(own) = root.value else {
        return None;
    };
    let model = match own.get(LIKE.name) {
        Some(entry) => Reading::new(complaints)
            .field(&entry.node, LIKE.name, &LIKE.shape)
            .word()
            // The mistake was reported; the others are looked for.
            .unwrap_or(MODEL),
        None if is_whole(complaints, source, &own) => {
            let value = Value::Table(own);
            return Some((Node { value, ..root }, text.to_owned()));
        }
        None => MODEL,
    };
    let model_text = bundled(model)?;
    let model_source = complaints.add_source(model, model_text);
    let (model, model_texts) = with_all_it_is_like(complaints, model_source, model_text)?;
    let value = Value::Table(laid_over(model, own));
    Some((Node { value, ..root }, format!("{text}\n{model_texts}")))
}

/// Complains about a profile that lacks tables, though it is `like` no other.
fn is_whole(complaints: &Complaints, source: usize, own: &Table) -> bool {
    let names = PROFILE.names();
    let missing: Vec<String> = PROFILE
        .keys
        .iter()
        .filter(|key| matches!(key.shape, Shape::Table(_)) && own.get(key.name).is_none())
        .map(|key| format!("[{}]", key.name))
        .collect();
    if missing.is_empty() {
        return true;
    }
    let is_misspelt =
        |key: &str| PROFILE.key(key).is_none() && nearest(key, names.iter().copied()) == Some(LIKE.name);
    if !own.entries.iter().any(|entry| is_misspelt(&entry.key)) {
        let complaint = Complaint::at(
            Place::whole(source),
            format!("the profile lacks {}", list(&missing, "and")),
        )
        .help(format!(
            "add `like = \"{MODEL}\"`, or another bundled profile, from which the missing values are taken"
        ));
        complaints.add(complaint);
    }
    false
}

/// A model's tables with changes: each key of one of its tables as a whole. The model's `like` is done with.
fn laid_over(model: Node, changes: Table) -> Table {
    let mut table = match model.value {
        Value::Table(table) => table,
        _ => Table::EMPTY,
    };
    for mut change in changes.entries {
        match table.get_mut(&change.key) {
            Some(entry) => {
                if let (Value::Table(costs), Value::Table(own)) =
                    (&mut entry.node.value, &mut change.node.value)
                {
                    let mut costs = std::mem::take(costs);
                    for cost in std::mem::take(&mut own.entries) {
                        replace(&mut costs, cost);
                    }
                    *own = costs;
                }
                *entry = change;
            }
            None => table.entries.push(change),
        }
    }
    table
}

fn replace(table: &mut Table, new: crate::input::Entry) {
    match table.get_mut(&new.key) {
        Some(entry) => *entry = new,
        None => table.entries.push(new),
    }
}

fn bundled(name: &str) -> Option<&'static str> {
    let found = BUNDLED.iter().find(|(bundled, _)| *bundled == name)?;
    Some(found.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Nanos;

    #[test]
    fn every_bundled_profile_is_complete() {
        for (name, _) in BUNDLED {
            Profile::load(name, Path::new(".")).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_profile_that_is_like_another_differs_where_it_says_so_and_nowhere_else() {
        let model = Profile::load("linux-x86_64", Path::new(".")).unwrap();
        let text = "description = \"mine\"\nlike = \"linux-x86_64\"\n[thread]\ncreate = \"77us\"\n";
        let mine = Profile::parse("mine", text).unwrap();
        assert_eq!(mine.python.thread.create, Nanos::from_micros(77));
        assert_eq!(mine.description, "mine");
        assert_eq!(mine.machine, model.machine);
        let mut python = mine.python.clone();
        python.thread.create = model.python.thread.create;
        assert_eq!(python, model.python);
        // A change of either is seen in the digest.
        assert_eq!(mine.text, format!("{text}\n{}", model.text));
    }

    #[test]
    fn a_profile_like_one_that_is_like_another_has_the_values_of_both() {
        let pro = Profile::load("macos-2010-mac-pro", Path::new(".")).unwrap();
        let macbook = Profile::load("macos-2009-macbook", Path::new(".")).unwrap();
        let linux = Profile::load("linux-x86_64", Path::new(".")).unwrap();
        assert_eq!(pro.machine.scheduler.tick, macbook.machine.scheduler.tick);
        assert_ne!(pro.machine.scheduler.tick, linux.machine.scheduler.tick);
        assert_eq!(pro.python.pool, linux.python.pool);
    }

    #[track_caller]
    fn refused(text: &str, reason: &str) {
        let error = Profile::parse("mine", text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn what_no_profile_has_is_refused_with_what_there_is() {
        let like = "description = \"mine\"\nlike = \"linux-x86_64\"\n";
        let craete = format!("{like}[thread]\ncraete = \"77us\"\n");
        refused(&craete, "unknown key `craete` in [thread]");
        refused(&craete, "did you mean `create`?");
        refused(&craete, "its keys are create, bootstrap and finish");
        refused(&craete, "mine:4:1");
        refused(&format!("{like}[threads]\n"), "did you mean `thread`?");
        refused("like = \"linux\"\n", "`like` is one of \"linux-x86_64\",");
        refused("like = 7\n", "`like` must be \"linux-x86_64\",");
        let soon = format!("{like}[thread]\ncreate = \"soon\"\n");
        refused(&soon, "`create` is not a duration");
        refused(&soon, "a duration is a number and a unit");
        refused(&format!("{like}thread = 5\n"), "[thread] must be a table");
    }
}
