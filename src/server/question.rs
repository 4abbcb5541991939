//! Questions to a task of the server. The answer proves that the task runs.

use std::future::pending;

use tokio::sync::{mpsc, oneshot};

/// Maximum questions that wait for the task.
const WAITING: usize = 4;

/// The answer to one question.
pub(super) type Answer = oneshot::Sender<()>;

/// The end of the task that asks.
#[derive(Debug, Clone)]
pub struct Questions(mpsc::Sender<Answer>);

/// The end of the task that answers.
#[derive(Debug)]
pub(super) struct Answers(mpsc::Receiver<Answer>);

/// Creates both ends.
pub(super) fn questions() -> (Questions, Answers) {
    let (asked, answered) = mpsc::channel(WAITING);
    (Questions(asked), Answers(answered))
}

impl Questions {
    /// Waits until the task has answered. Returns `false` if the task has ended.
    pub async fn ask(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        let asked = async { self.0.send(answer).await.is_ok() && answered.await.is_ok() };
        tokio::select! {
            biased;
            is_answered = asked => is_answered,
            // A question that is sent while the task ends may stay in the channel for ever.
            () = self.ended() => false,
        }
    }

    /// Waits until the task has ended.
    pub async fn ended(&self) {
        self.0.closed().await;
    }
}

impl Answers {
    /// Waits for the next question. If all [`Questions`] are dropped, it waits for ever.
    pub(super) async fn next(&mut self) -> Answer {
        match self.0.recv().await {
            Some(answer) => answer,
            None => pending().await,
        }
    }

    /// Answers each question as soon as the task polls this future, until `end` ends.
    pub(super) async fn answer_until(mut self, end: impl Future<Output = ()>) {
        let answering = async {
            loop {
                let answer = self.next().await;
                // The task that asked may have ended.
                let _ = answer.send(());
            }
        };
        tokio::select! {
            // The end comes first, so that a task that has ended gives no answer.
            biased;
            () = end => {}
            () = answering => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_task_that_is_not_polled_gives_no_answer() {
        let (questions, answers) = questions();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut task = pin!(answers.answer_until(async {
            let _ = stopped.await;
        }));
        let mut asking = pin!(questions.ask());
        assert_eq!(asking.as_mut().now_or_never(), None);
        assert_eq!(asking.as_mut().now_or_never(), None, "time alone gives no answer");
        assert_eq!(task.as_mut().now_or_never(), None, "the task goes on");
        assert!(asking.await);

        let mut asking = pin!(questions.ask());
        assert_eq!(asking.as_mut().now_or_never(), None);
        stop.send(()).expect("the task runs");
        task.await;
        assert!(!asking.await, "the task has ended");
        questions.ended().await;
        assert!(!questions.ask().await);
    }

    #[tokio::test]
    async fn a_question_that_the_task_leaves_behind_when_it_ends_is_not_answered() {
        let (questions, mut answers) = questions();
        let mut asking = pin!(questions.ask());
        assert_eq!(asking.as_mut().now_or_never(), None);
        // This question is neither answered nor dropped.
        let left_behind = answers.next().await;
        drop(answers);
        assert!(!asking.await);
        drop(left_behind);
    }
}
