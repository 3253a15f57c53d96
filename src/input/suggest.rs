//! Suggestions for misspelt words: "did you mean ...?"

/// The candidate nearest to `word`, if it is near enough to be a likely intention.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word is not a typo, and the comparison takes quadratic time.
    if word.chars().count() > 100 {
        return None;
    }
    let score =
        |candidate: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
    let (distance, candidate) = candidates
        .into_iter()
        .map(|candidate| (score(candidate), candidate))
        .min_by_key(|(d, _)| *d)?;
    let length = word.chars().count().max(candidate.chars().count());
    (distance <= 1 + length / 4 && distance < length).then_some(candidate)
}

/// "did you mean `x`?", if a candidate is near enough.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// `a, b or c`
pub fn list<S: AsRef<str>>(words: &[S], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
            format!("{} {conjunction} {}", others.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_another_word_does_not() {
        let keys = ["cores", "smt", "quota", "memory", "profile"];
        assert_eq!(nearest("cors", keys), Some("cores"));
        assert_eq!(nearest("Memroy", keys), Some("memory"));
        assert_eq!(nearest("executor", keys), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), keys), None);
    }
}
