//! Labels that keep out of each other's way.

/// How wide words are at a font size.
pub type TextWidth<'a> = &'a dyn Fn(&str, f64) -> f64;

/// Words in at most `most` lines of at most `width`, never broken around a `=`. A line that does not fit loses its middle,
/// because names differ at their beginning or at their end.
pub fn wrap(words: &str, most: usize, width: f64, size: f64, text_width: TextWidth) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let words = words.replace(" = ", "\u{a0}=\u{a0}");
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if full || text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
        .iter()
        .map(|line| shorten(&line.replace('\u{a0}', " "), width, size, text_width))
        .collect()
}

fn shorten(line: &str, width: f64, size: f64, text_width: TextWidth) -> String {
    let letters: Vec<char> = line.chars().collect();
    let shorter = |kept: usize| -> String {
        let head: String = letters[..kept.div_ceil(2)].iter().collect();
        let tail: String = letters[letters.len() - kept / 2..].iter().collect();
        format!("{}…{}", head.trim_end(), tail.trim_start())
    };
    if text_width(line, size) <= width {
        return line.to_owned();
    }
    let fits = |kept: &usize| text_width(&shorter(*kept), size) <= width;
    shorter((1..letters.len()).rev().find(fits).unwrap_or(0))
}

/// Moves boxes of these heights as little as it takes that none covers another: from where each centre would
/// like to be to where it goes. All stay between `low` and `high` as long as there is room for all.
pub fn spread(wanted: &[f64], heights: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));

    // Boxes that touch form a stack, which sits where its boxes would like it on average. A stack that meets
    // the one above joins it, so each pass leaves the stacks so far apart from each other.
    let mut stacks: Vec<Stack> = Vec::new();
    for index in order {
        let mut stack = Stack {
            boxes: vec![index],
            height: heights[index],
            wish: wanted[index] - heights[index] / 2.0,
        };
        while let Some(above) =
            stacks.pop_if(|above| above.top(low, high) + above.height > stack.top(low, high))
        {
            stack = above.join(stack);
        }
        stacks.push(stack);
    }

    let mut centres = vec![0.0; wanted.len()];
    for stack in stacks {
        let mut top = stack.top(low, high);
        for index in stack.boxes {
            centres[index] = top + heights[index] / 2.0;
            top += heights[index];
        }
    }
    centres
}

struct Stack {
    boxes: Vec<usize>,
    height: f64,
    /// Where its top would be for its boxes to be where they want to be on average.
    wish: f64,
}

impl Stack {
    fn top(&self, low: f64, high: f64) -> f64 {
        self.wish.min(high - self.height).max(low)
    }

    fn join(mut self, below: Self) -> Self {
        let (mine, theirs) = (self.boxes.len() as f64, below.boxes.len() as f64);
        self.wish = (self.wish * mine + (below.wish - self.height) * theirs) / (mine + theirs);
        self.height += below.height;
        self.boxes.extend(below.boxes);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boxes_with_room_stay_and_others_part_evenly() {
        assert_eq!(spread(&[10.0, 50.0], &[20.0, 20.0], 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0], &[20.0, 20.0], 0.0, 100.0), [40.0, 60.0]);
        assert_eq!(spread(&[98.0, 99.0], &[20.0, 20.0], 0.0, 100.0), [70.0, 90.0]);
    }

    proptest! {
        #[test]
        fn no_box_covers_another_or_leaves_the_page(wanted in prop::collection::vec(0.0..400.0f64, 0..10)) {
            let heights: Vec<f64> = (0..wanted.len()).map(|index| if index % 3 == 0 { 40.0 } else { 20.0 }).collect();
            let centres = spread(&wanted, &heights, 0.0, 400.0);
            let mut boxes: Vec<(f64, f64)> =
                centres.iter().zip(&heights).map(|(centre, height)| (centre - height / 2.0, centre + height / 2.0)).collect();
            boxes.sort_by(|a, b| a.0.total_cmp(&b.0));
            prop_assert!(boxes.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 1e-9));
            prop_assert!(boxes.iter().all(|(top, bottom)| *top >= -1e-9 && *bottom <= 400.0 + 1e-9));
        }
    }

    #[test]
    fn long_labels_wrap_and_then_lose_their_middle() {
        let text_width = |words: &str, _: f64| words.chars().count() as f64;
        assert_eq!(
            wrap("threads, one per task", 2, 12.0, 1.0, &text_width),
            ["threads, one", "per task"]
        );
        assert_eq!(wrap("threads", 2, 12.0, 1.0, &text_width), ["threads"]);
        assert_eq!(
            wrap("a much too long label for this", 2, 8.0, 1.0, &text_width),
            ["a much", "too…this"]
        );
        assert_eq!(
            wrap("processes, chunksize = 64", 1, 15.0, 1.0, &text_width),
            ["process…ze = 64"]
        );
    }
}
