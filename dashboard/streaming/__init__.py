"""Streams: the hub tails the log, feeds make frames, and sockets are written to.

State of a worker
    The *tail* reads the log after `position`, an id. The *replay buffer* has the newest event of
    each host and name and the last stretch of the log; each event in it has a `seq`, which counts
    the events that this worker has seen. A *feed* has all streams of one filter; it makes each
    frame once and keeps the last ones in a ring.

State of a stream
    1. Admitted: it has a slot, and no feed.
    2. Catching up: a cursor. For a snapshot the cursor is a seq, for a replay it is an id. Chunks
       are made from the cursor alone, so a stream holds nothing else.
    3. Joined: a `Subscriber`, that is a place in the ring of its feed.
    4. Parked: only a socket, in the set of its feed. The hub writes each frame to it.
    5. Closed: its slot is free again.

The joining invariant
    A stream has been sent every event that its filter selects, up to the seq at which it joins,
    and none after. The last chunk is complete up to a seq. When that seq is the buffer's, the
    stream joins in the same step of the event loop: nothing can come in between. So there is no
    hole and no double.

Counters, and what advances them
    ================================  ============================================================
    ReplayBuffer.position (id)        the tail, with each batch that was read from the log
    ReplayBuffer.seq                  each event that the worker sees, also one without an id
    Encoded.seq                       set once, when the event enters the buffer
    Feed.delivered_seq                with `every`: the end of a window, to the buffer's seq
    Feed.frame_count                  each frame of the feed
    Subscriber's place in the ring    the stream, when it has taken frames; one that falls out of
                                      the ring is a slow consumer and is closed
    ================================  ============================================================

Events that the log could not take have no id. They are sent at once, and again with ids when the
log has taken them; a client that knows their host, name and time draws them once.
"""
