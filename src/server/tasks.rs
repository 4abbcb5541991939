//! The essential tasks of the server. Each one runs separately, and none may end before the server stops.

use std::borrow::Cow;
use std::collections::HashMap;

use futures_util::FutureExt;
use tokio::task::{Id, JoinError, JoinSet};

/// A task that ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{task} ended unexpectedly: {cause}")]
pub struct EndedTask {
    pub(super) task: &'static str,
    cause: Cow<'static, str>,
}

/// Tasks that run, with their names.
#[derive(Default)]
pub(super) struct Tasks {
    running: JoinSet<Cow<'static, str>>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    pub(super) fn spawn(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn_with_cause(name, work.map(|()| "it returned".into()));
    }

    /// Runs a task that returns the reason for its end.
    pub(super) fn spawn_with_cause(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Cow<'static, str>> + Send + 'static,
    ) {
        let handle = self.running.spawn(work);
        self.names.insert(handle.id(), name);
    }

    /// Waits until one of the tasks ends. If it panicked, the panic hook has logged the reason.
    pub(super) async fn next_end(&mut self) -> EndedTask {
        let (id, cause) = match self.running.join_next_with_id().await {
            Some(Ok((id, cause))) => (id, cause),
            Some(Err(error)) => (error.id(), cause_of(&error).into()),
            None => return std::future::pending().await,
        };
        let task = self.names.remove(&id).unwrap_or("a task");
        EndedTask { task, cause }
    }

    /// Waits until the task with this name ends, if it runs, and returns the others that end meanwhile.
    pub(super) async fn end_of(&mut self, name: &'static str) -> Vec<EndedTask> {
        let mut others = Vec::new();
        while self.names.values().any(|running| *running == name) {
            let ended = self.next_end().await;
            if ended.task != name {
                others.push(ended);
            }
        }
        others
    }

    /// Ends all tasks, and waits until all have ended.
    pub(super) async fn end_all(mut self) {
        self.running.shutdown().await;
    }
}

fn cause_of(error: &JoinError) -> &'static str {
    if error.is_panic() {
        "it panicked"
    } else {
        "it was cancelled"
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_is_named_with_the_cause() {
        let mut tasks = Tasks::default();
        tasks.spawn("the first", pending());
        tasks.spawn("the second", async { panic!("a test of a task that panics") });
        let ended = tasks.next_end().await;
        assert_eq!(ended.to_string(), "the second ended unexpectedly: it panicked");
        tasks.spawn("the third", async {});
        assert_eq!(tasks.end_of("the third").await, []);
        tasks.spawn("the fourth", async {});
        let ended = tasks.next_end().await;
        assert_eq!(ended.to_string(), "the fourth ended unexpectedly: it returned");
        tasks.spawn_with_cause("the fifth", async { "nobody needs it".into() });
        let ended = tasks.next_end().await;
        assert_eq!(ended.to_string(), "the fifth ended unexpectedly: nobody needs it");
        assert_eq!(tasks.end_of("the second").await, [], "it does not run");
        tasks.end_all().await;
    }
}
