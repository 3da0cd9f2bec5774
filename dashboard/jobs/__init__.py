"""Jobs and their progress: reports, the index of jobs in the log, the stream of one job."""
