//! The current rule for usernames, compiled once.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::UsernameRule;

/// The last compiled rule.
#[derive(Default)]
pub(super) struct Usernames(ArcSwap<UsernameRule>);

impl Usernames {
    /// Returns the rule for a pattern, compiled again if it changed. An invalid pattern, which settings refuse, gives
    /// the default rule.
    pub(super) fn rule(&self, pattern: &str) -> Arc<UsernameRule> {
        let last = self.0.load();
        if last.pattern() == pattern {
            return Arc::clone(&last);
        }
        let rule = Arc::new(UsernameRule::parse(pattern).unwrap_or_default());
        self.0.store(Arc::clone(&rule));
        rule
    }
}
