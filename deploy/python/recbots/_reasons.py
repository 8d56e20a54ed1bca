"""What rows and batches wait for, in words: the enumeration BlockedOn of replay.proto."""
REASONS = {
    2: "its first rows (min_size)",
    3: "the learner, which has sampled too little",
    4: "new rows: the learner has sampled its share of those there",
    5: "its own end: it is draining",
    6: "room: the table is full of rows that must not go",
    7: "rows that may be drawn",
    8: "a checkpoint",
}
