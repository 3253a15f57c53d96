//! The first draws of every distribution are fixed: a change here changes all earlier results.

#[test]
fn the_first_draws_are_those_of_every_other_build() {
    assert_eq!(
        gilsim::random::first_draws(),
        include_str!("../fixtures/draws.txt")
    );
}
