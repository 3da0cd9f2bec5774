"""History: figures over time as compressed columns, in three tiers, in one SQLite file.

The log keeps events for hours, one by one; the history keeps their figures for years.

- A *series* is one event name of one host. Its *rows* are samples (tier `seconds`) or spans (tiers
  `minutes` and `hours`). A span has, for each figure, the mean, the lowest and the highest value,
  the time of each of these two, and the number of samples.
- Rows of one *window* (ten minutes, a day, thirty days) are kept as one or more *parts*. A later
  part replaces rows of an earlier one that have the same time, so writing a row twice changes
  nothing.
- The builder reads the log after its position, writes parts, and saves the position in the same
  transaction. A kill at any moment repeats or loses nothing.
- When a window is over, its parts become one, and its spans are written to the next tier. A late
  event reopens its window, and the spans of that window are written again.
"""
