//! The rule for usernames that is in force, compiled once.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::UsernameRule;

/// The last rule that was in force.
#[derive(Default)]
pub struct Usernames(ArcSwap<UsernameRule>);

impl Usernames {
    /// Returns the rule of a pattern. A pattern that is not one, which no setting takes, is the default.
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
