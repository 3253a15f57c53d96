//! The draws of every distribution, pinned: a change here changes every result that anyone has kept.

#[test]
fn the_first_draws_are_those_of_every_other_build() {
    assert_eq!(
        gilsim::random::first_draws(),
        include_str!("../fixtures/draws.txt")
    );
}
