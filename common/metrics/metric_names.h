// The one list of metric names, which have the form recbots_<role>_<what>_<unit>. docs/metrics.md describes them, and a
// test compares the two.
#pragma once

#include <array>

namespace recbots {

enum class MetricType { kCounter, kGauge, kHistogram };

struct MetricDescription {
  const char* name;
  MetricType type;
  const char* help;
  const char* label = "";         // Name of its label, or ""; the label's values are few and bounded.
  const char* second_label = "";  // Name of a second label, or "".
};

namespace metric {

// Every role.
inline constexpr MetricDescription kBuildInfo{"recbots_build_info", MetricType::kGauge, "1; the label is the version",
                                              "version"};
inline constexpr MetricDescription kUptime{"recbots_process_uptime_seconds", MetricType::kGauge,
                                           "Seconds since the process started"};
inline constexpr MetricDescription kPageRefusals{
    "recbots_process_page_refusals_total", MetricType::kCounter,
    "Requests for pages refused: missing (no token), wrong, limited (too many wrong ones before)", "reason"};
inline constexpr MetricDescription kStalled{"recbots_process_stalled_seconds", MetricType::kGauge,
                                            "Seconds without progress, once they are learner.stall_after_seconds; 0 "
                                            "while the role gets on"};
inline constexpr MetricDescription kDiskBytes{
    "recbots_process_disk_bytes", MetricType::kGauge,
    "Size of the file system of a folder that the process writes to: run_dir, checkpoint_dir", "folder"};
inline constexpr MetricDescription kDiskFreeBytes{"recbots_process_disk_free_bytes", MetricType::kGauge,
                                                  "What may still be written to it", "folder"};

// Replay.
inline constexpr MetricDescription kReplayRows{"recbots_replay_rows", MetricType::kGauge, "Rows held", "table"};
inline constexpr MetricDescription kReplayBytes{"recbots_replay_bytes", MetricType::kGauge,
                                                "Bytes taken by the rows held, bookkeeping included", "table"};
inline constexpr MetricDescription kReplayLeased{"recbots_replay_leased_rows", MetricType::kGauge,
                                                 "Rows drawn for the last time and not yet acknowledged", "table"};
inline constexpr MetricDescription kReplayInserted{"recbots_replay_inserted_rows_total", MetricType::kCounter,
                                                   "Rows inserted", "table"};
inline constexpr MetricDescription kReplaySampled{"recbots_replay_sampled_rows_total", MetricType::kCounter,
                                                  "Rows sampled and sent", "table"};
inline constexpr MetricDescription kReplayRefunded{"recbots_replay_refunded_rows_total", MetricType::kCounter,
                                                   "Sampled rows given back because their reader went away", "table"};
inline constexpr MetricDescription kReplayConsumed{"recbots_replay_consumed_rows_total", MetricType::kCounter,
                                                   "Rows gone because they were sampled as often as they may be",
                                                   "table"};
inline constexpr MetricDescription kReplayEvicted{"recbots_replay_evicted_rows_total", MetricType::kCounter,
                                                  "Rows gone because they had to make room", "table"};
inline constexpr MetricDescription kReplayDuplicates{"recbots_replay_duplicate_rows_total", MetricType::kCounter,
                                                     "Rows sent again after a reconnection and skipped", "table"};
inline constexpr MetricDescription kReplayRefusedBlocks{"recbots_replay_refused_blocks_total", MetricType::kCounter,
                                                        "Blocks refused whole: checksum, length, priorities, sequence",
                                                        "table"};
inline constexpr MetricDescription kReplayCounted{"recbots_replay_counted_total", MetricType::kCounter,
                                                  "Counters of tables that have no metric of their own, by name",
                                                  "table", "counter"};
inline constexpr MetricDescription kReplayPriorities{
    "recbots_replay_priorities_total", MetricType::kCounter,
    "New priorities by what became of them: updated, stale (the row is gone), refused", "table", "outcome"};
inline constexpr MetricDescription kReplayWriters{"recbots_replay_writers", MetricType::kGauge, "Insert streams open",
                                                  "table"};
inline constexpr MetricDescription kReplayReaders{"recbots_replay_readers", MetricType::kGauge,
                                                  "Sample streams open, without readers who look on", "table"};
inline constexpr MetricDescription kReplayObservers{"recbots_replay_observers", MetricType::kGauge,
                                                    "Sample streams of readers who look on", "table"};
inline constexpr MetricDescription kReplayObserved{"recbots_replay_observed_rows_total", MetricType::kCounter,
                                                   "Rows sent to readers who look on, not counted as sampled", "table"};
inline constexpr MetricDescription kReplayDeadWriters{"recbots_replay_dead_writers_total", MetricType::kCounter,
                                                      "Insert streams that ended without a farewell", "table"};
inline constexpr MetricDescription kReplayBlocked{"recbots_replay_blocked_seconds_total", MetricType::kCounter,
                                                  "Time in which somebody waited", "table", "reason"};
inline constexpr MetricDescription kReplayWeightsVersion{"recbots_replay_weights_version", MetricType::kGauge,
                                                         "Newest version of weights that any row was chosen with",
                                                         "table"};
inline constexpr MetricDescription kReplayCheckpoints{"recbots_replay_checkpoints_total", MetricType::kCounter,
                                                      "Checkpoints finished"};
inline constexpr MetricDescription kReplayCheckpointFailures{"recbots_replay_checkpoint_failures_total",
                                                             MetricType::kCounter,
                                                             "Checkpoints that failed; the one before stays valid"};
inline constexpr MetricDescription kReplayCheckpointBytes{"recbots_replay_checkpoint_bytes_total", MetricType::kCounter,
                                                          "Bytes written for checkpoints"};
inline constexpr MetricDescription kReplayCheckpointAge{
    "recbots_replay_checkpoint_age_seconds", MetricType::kGauge,
    "Seconds since the newest checkpoint was finished, or since the start while there is none; 0 where none are kept"};
inline constexpr MetricDescription kReplayCheckpointDuration{"recbots_replay_checkpoint_duration_seconds",
                                                             MetricType::kGauge, "How long the newest checkpoint took"};
inline constexpr MetricDescription kReplayCheckpointPause{
    "recbots_replay_checkpoint_pause_seconds", MetricType::kGauge,
    "For how long the tables stood still for the newest checkpoint"};

// Learner.
inline constexpr MetricDescription kLearnerUpdates{"recbots_learner_updates_total", MetricType::kCounter,
                                                   "Updates of the networks"};
inline constexpr MetricDescription kLearnerUpdateRate{"recbots_learner_updates_per_second", MetricType::kGauge,
                                                      "Updates per second over the last status period"};
inline constexpr MetricDescription kLearnerLearners{"recbots_learner_learners", MetricType::kGauge,
                                                    "Learners that train as one"};
inline constexpr MetricDescription kLearnerRank{"recbots_learner_rank", MetricType::kGauge,
                                                "The number of this learner among them; 0 leads"};
inline constexpr MetricDescription kLearnerRowRate{
    "recbots_learner_rows_per_second", MetricType::kGauge,
    "Rows that all learners together learnt from, per second over the last status period"};
inline constexpr MetricDescription kLearnerExchange{"recbots_learner_exchange_seconds_total", MetricType::kCounter,
                                                    "Time in all-reduces, most of it waiting for the slowest learner"};
inline constexpr MetricDescription kLearnerEnvSteps{"recbots_learner_env_steps_total", MetricType::kCounter,
                                                    "Environment steps inserted into replay since the learner began"};
inline constexpr MetricDescription kLearnerEnvRate{"recbots_learner_env_steps_per_second", MetricType::kGauge,
                                                   "Environment steps per second over the last status period"};
inline constexpr MetricDescription kLearnerActors{"recbots_learner_actors", MetricType::kGauge,
                                                  "Actors that watch the weights now"};
inline constexpr MetricDescription kLearnerEvaluators{"recbots_learner_evaluators", MetricType::kGauge,
                                                      "Evaluators that watch the weights now"};
inline constexpr MetricDescription kLearnerRoles{
    "recbots_learner_roles", MetricType::kGauge,
    "Roles of the run by state: joined, lagging (silent), lost, left; and stalled, of those that report", "role",
    "state"};
inline constexpr MetricDescription kLearnerVersion{"recbots_learner_weights_version", MetricType::kGauge,
                                                   "Newest published version"};
inline constexpr MetricDescription kLearnerLagUpdates{"recbots_learner_lag_updates", MetricType::kHistogram,
                                                      "Updates between choosing a row's slate and learning from "
                                                      "it; of rows collected since the learner began"};
inline constexpr MetricDescription kLearnerLagSeconds{
    "recbots_learner_lag_seconds", MetricType::kHistogram,
    "Seconds between publishing the weights that chose a row's slate and "
    "learning from the row"};
inline constexpr MetricDescription kLearnerSpi{"recbots_learner_samples_per_insert_ratio", MetricType::kGauge,
                                               "Rows sampled per row inserted, both since the learner began"};
inline constexpr MetricDescription kLearnerLoss{
    "recbots_learner_loss", MetricType::kGauge,
    "Loss of the newest update; norm of gradients and learning rate of each optimiser", "name"};
inline constexpr MetricDescription kLearnerBeta{"recbots_learner_importance_exponent", MetricType::kGauge,
                                                "Prioritized replay: beta of the newest update; 0 without"};
inline constexpr MetricDescription kLearnerWeight{
    "recbots_learner_importance_weight", MetricType::kGauge,
    "Prioritized replay: mean weight of a row over the last status period"};
inline constexpr MetricDescription kLearnerPriority{
    "recbots_learner_priority", MetricType::kGauge,
    "Prioritized replay: mean priority sent back over the last status period"};
inline constexpr MetricDescription kLearnerPriorities{
    "recbots_learner_priorities_total", MetricType::kCounter,
    "Prioritized replay: rows sent with a priority; of those refused, stale (gone) or dropped (shard away); "
    "not_finite: not sent",
    "outcome"};
inline constexpr MetricDescription kLearnerWait{"recbots_learner_wait_seconds_total", MetricType::kCounter,
                                                "Time the learner waited for batches"};
inline constexpr MetricDescription kLearnerValue{"recbots_learner_value", MetricType::kGauge,
                                                 "Newest evaluation of the greedy policy, return per episode"};
inline constexpr MetricDescription kLearnerOptimum{"recbots_learner_optimum_value", MetricType::kGauge,
                                                   "Return per episode of the optimal policy, where it is known"};
inline constexpr MetricDescription kLearnerRandom{"recbots_learner_random_value", MetricType::kGauge,
                                                  "Return per episode of the random policy"};
inline constexpr MetricDescription kLearnerShare{"recbots_learner_share_of_optimum_ratio", MetricType::kGauge,
                                                 "Newest value divided by the optimum"};
inline constexpr MetricDescription kLearnerReference{"recbots_learner_reference_value", MetricType::kGauge,
                                                     "Return per episode of a policy to compare with", "name"};
inline constexpr MetricDescription kLearnerGap{
    "recbots_learner_share_of_gap_ratio", MetricType::kGauge,
    "Newest value on the way from random play, 0, to the best known policy, 1"};
inline constexpr MetricDescription kLearnerGoal{"recbots_learner_goal_reached", MetricType::kGauge,
                                                "1 once the goal of the run was reached"};
inline constexpr MetricDescription kLearnerCheckpoints{"recbots_learner_checkpoints_total", MetricType::kCounter,
                                                       "Checkpoints of the run, by what became of them: finished, "
                                                       "failed (the one before stays valid)",
                                                       "outcome"};
inline constexpr MetricDescription kLearnerCheckpointAge{
    "recbots_learner_checkpoint_age_seconds", MetricType::kGauge,
    "Seconds since the newest checkpoint of the run was finished by this process; 0 while there is none"};
inline constexpr MetricDescription kLearnerCheckpointPause{
    "recbots_learner_checkpoint_pause_seconds", MetricType::kGauge,
    "For how long training stood still for the newest checkpoint"};

// Actor.
inline constexpr MetricDescription kActorSteps{"recbots_actor_env_steps_total", MetricType::kCounter,
                                               "Environment steps"};
inline constexpr MetricDescription kActorEpisodes{"recbots_actor_episodes_total", MetricType::kCounter,
                                                  "Episodes ended"};
inline constexpr MetricDescription kActorReward{"recbots_actor_reward_total", MetricType::kCounter, "Sum of rewards"};
inline constexpr MetricDescription kActorVersion{"recbots_actor_weights_version", MetricType::kGauge,
                                                 "Version of the weights in use"};
inline constexpr MetricDescription kActorPolicyShare{"recbots_actor_policy_share_ratio", MetricType::kGauge,
                                                     "Share of steps that follow the policy"};
inline constexpr MetricDescription kActorBlocked{"recbots_actor_blocked_seconds_total", MetricType::kCounter,
                                                 "Time spent waiting", "reason"};
inline constexpr MetricDescription kActorWaiting{"recbots_actor_waiting_rows", MetricType::kGauge,
                                                 "Rows made and not yet in replay"};
inline constexpr MetricDescription kActorDropped{"recbots_actor_dropped_rows_total", MetricType::kCounter,
                                                 "Rows that waited unsent behind the limiter for longer than "
                                                 "replay.max_waiting_seconds and made room for newer ones"};
inline constexpr MetricDescription kActorLost{"recbots_actor_lost_rows_total", MetricType::kCounter,
                                              "Rows that replay had acknowledged and did not know when it came back"};
inline constexpr MetricDescription kActorEnvironmentRestarts{
    "recbots_actor_environment_restarts_total", MetricType::kCounter,
    "Starts of the program of environment.external after it has failed: hang, crash, error (it reported one), columns "
    "(it "
    "sent what must not be), start",
    "reason"};
inline constexpr MetricDescription kActorEnvironmentStep{
    "recbots_actor_environment_step_seconds", MetricType::kHistogram,
    "Time that the program of environment.external took for a step"};
inline constexpr MetricDescription kActorEnvironmentDropped{
    "recbots_actor_environment_dropped_steps_total", MetricType::kCounter,
    "Steps whose rows were not complete when the program of environment.external failed"};

// Evaluator.
inline constexpr MetricDescription kEvaluatorEvaluations{"recbots_evaluator_evaluations_total", MetricType::kCounter,
                                                         "Evaluations reported"};
inline constexpr MetricDescription kEvaluatorVersion{"recbots_evaluator_weights_version", MetricType::kGauge,
                                                     "Version evaluated last"};
inline constexpr MetricDescription kEvaluatorValue{"recbots_evaluator_value", MetricType::kGauge,
                                                   "Return per episode of the greedy policy"};

inline constexpr std::array kAll{kBuildInfo,
                                 kUptime,
                                 kPageRefusals,
                                 kStalled,
                                 kDiskBytes,
                                 kDiskFreeBytes,
                                 kReplayRows,
                                 kReplayBytes,
                                 kReplayLeased,
                                 kReplayInserted,
                                 kReplaySampled,
                                 kReplayRefunded,
                                 kReplayConsumed,
                                 kReplayEvicted,
                                 kReplayDuplicates,
                                 kReplayRefusedBlocks,
                                 kReplayPriorities,
                                 kReplayCounted,
                                 kReplayWriters,
                                 kReplayReaders,
                                 kReplayObservers,
                                 kReplayObserved,
                                 kReplayDeadWriters,
                                 kReplayBlocked,
                                 kReplayWeightsVersion,
                                 kReplayCheckpoints,
                                 kReplayCheckpointFailures,
                                 kReplayCheckpointBytes,
                                 kReplayCheckpointAge,
                                 kReplayCheckpointDuration,
                                 kReplayCheckpointPause,
                                 kLearnerUpdates,
                                 kLearnerUpdateRate,
                                 kLearnerLearners,
                                 kLearnerRank,
                                 kLearnerRowRate,
                                 kLearnerExchange,
                                 kLearnerEnvSteps,
                                 kLearnerEnvRate,
                                 kLearnerActors,
                                 kLearnerEvaluators,
                                 kLearnerRoles,
                                 kLearnerVersion,
                                 kLearnerLagUpdates,
                                 kLearnerLagSeconds,
                                 kLearnerSpi,
                                 kLearnerLoss,
                                 kLearnerBeta,
                                 kLearnerWeight,
                                 kLearnerPriority,
                                 kLearnerPriorities,
                                 kLearnerWait,
                                 kLearnerValue,
                                 kLearnerOptimum,
                                 kLearnerRandom,
                                 kLearnerShare,
                                 kLearnerReference,
                                 kLearnerGap,
                                 kLearnerGoal,
                                 kLearnerCheckpoints,
                                 kLearnerCheckpointAge,
                                 kLearnerCheckpointPause,
                                 kActorSteps,
                                 kActorEpisodes,
                                 kActorReward,
                                 kActorVersion,
                                 kActorPolicyShare,
                                 kActorBlocked,
                                 kActorWaiting,
                                 kActorDropped,
                                 kActorLost,
                                 kActorEnvironmentRestarts,
                                 kActorEnvironmentStep,
                                 kActorEnvironmentDropped,
                                 kEvaluatorEvaluations,
                                 kEvaluatorVersion,
                                 kEvaluatorValue};

}  // namespace metric
}  // namespace recbots
