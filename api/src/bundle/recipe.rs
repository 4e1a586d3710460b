//! The recipe in a bundle: how to check it by hand. The same for every bundle.

/// `README.txt`.
pub(super) const TEXT: &str = include_str!("recipe.txt");
