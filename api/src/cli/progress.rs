//! How far something long has come, on a terminal.

use accord_projections::{Progress, Report};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;

/// A bar on standard error; nothing where that is no terminal.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed_precise} → {eta_precise}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Shows on a bar how far it is.
pub(super) fn watched(bar: &ProgressBar) -> impl FnMut(Progress) -> ControlFlow<()> + Send + use<> {
    let bar = bar.clone();
    move |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        ControlFlow::Continue(())
    }
}

/// Does something long with a bar of its own, which is gone afterwards.
pub(super) fn shown<T>(work: impl FnOnce(&mut Report<'_>) -> T) -> T {
    let bar = bar(0);
    let done = work(&mut watched(&bar));
    bar.finish_and_clear();
    done
}
