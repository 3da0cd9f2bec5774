-- Log one batch, all or nothing; nobody else's command runs in between.
--
-- KEYS  the stream; the newest of each host and name; how long is kept; the marks of when ids were
--       given that are ahead of the clock (log/id_times.py); how the clock went; and, where the
--       batch has a key, what was given under it.
-- ARGV  now (ms since 1970; '' for the server's clock); retention (ms; '' for the one that is
--       noted); the highest id that the caller knows, ms and sequence; the digest of what came
--       with the key; how the names begin of what lists the ids of each host and name; then host,
--       name and data of each event.
-- Returns the batch's first id and its length: the others' sequences follow. Nothing where the key
-- came with another digest.

local AHEAD = 1000  -- ms by which an id may be ahead of the clock and still pass for its time

local function text(number) return string.format('%.0f', number) end

local now = tonumber(ARGV[1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A clock that has gained more than an hour is believed after a minute (log/steady_clock.py). Noted
-- are its last reading, and in that minute the first after the jump and the last before it.
local last_now, jumped, before =
    string.match(redis.call('GET', KEYS[5]) or '0 0 0', '^(%d+) (%d+) (%d+)$')
last_now, jumped, before = tonumber(last_now), tonumber(jumped), tonumber(before)
if last_now > 0 and now - last_now > 3600000 then jumped, before = now, last_now end
if now < jumped or now - jumped >= 60000 then jumped = 0 end
local steady = jumped > 0 and before + now - jumped or now

local noted = redis.call('GET', KEYS[3])
local keep = tonumber(ARGV[2]) or tonumber(noted or nil)
local kept_from = keep and math.max(0, steady - keep) or 0

if KEYS[6] then
    local given = redis.call('GET', KEYS[6])
    if given then
        local first, ms, count, print = string.match(given, '^((%d+)-%d+) (%d+) (.*)$')
        if tonumber(ms) >= kept_from then
            if print ~= ARGV[5] then return {} end
            return {first, tonumber(count)}
        end
    end
end

redis.call('SET', KEYS[5], text(now) .. ' ' .. text(jumped) .. ' ' .. text(before))
if tonumber(ARGV[2]) and noted ~= ARGV[2] then redis.call('SET', KEYS[3], ARGV[2]) end

-- Above all that was ever given here, and above what the caller knows: a server that came back with
-- less than it had must not give an id twice.
local ms, sequence = tonumber(ARGV[3]), tonumber(ARGV[4])
local oldest  -- entry of the stream
local about = redis.pcall('XINFO', 'STREAM', KEYS[1])
for at = 1, #about, 2 do
    if about[at] == 'first-entry' and about[at + 1] then oldest = about[at + 1][1] end
    if about[at] == 'last-generated-id' then
        local its_ms, its_sequence = string.match(about[at + 1], '^(%d+)-(%d+)$')
        its_ms, its_sequence = tonumber(its_ms), tonumber(its_sequence)
        if its_ms > ms or (its_ms == ms and its_sequence > sequence) then
            ms, sequence = its_ms, its_sequence
        end
    end
end
if now > ms then ms, sequence = now, -1 end
if sequence > 2^52 then ms, sequence = ms + 1, -1 end  -- beyond that numbers of Lua are not exact

local first = text(ms) .. '-' .. text(sequence + 1)

-- Where ids are ahead of the clock, marks say what is too old.
local cut = text(kept_from)
if ms > now + AHEAD then
    local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
    if not last or string.match(last[1], '^%d+') ~= text(ms)
            or math.abs(now - tonumber(last[2][2])) >= 1000 then
        redis.call('XADD', KEYS[4], first, 't', text(now))
        if keep then redis.call('PEXPIRE', KEYS[4], text(keep + 60000)) end
    end
    local last_old  -- it stays: it says that what is before the next is too old
    for _, mark in ipairs(redis.call('XRANGE', KEYS[4], text(now + AHEAD), '+', 'COUNT', 100)) do
        local time = tonumber(mark[2][2])
        if time <= now + AHEAD then
            if last_old then cut = mark[1] end
            if time >= kept_from then break end
            last_old = mark[1]
        end
    end
    if last_old then redis.call('XTRIM', KEYS[4], 'MINID', last_old) end
end

-- The lists lose what the stream has lost, of age or for its size.
local function is_before(one, other)
    local one_ms, one_sequence = string.match(one, '^(%d+)-?(%d*)$')
    local other_ms, other_sequence = string.match(other, '^(%d+)-?(%d*)$')
    one_ms, other_ms = tonumber(one_ms), tonumber(other_ms)
    if one_ms ~= other_ms then return one_ms < other_ms end
    return (tonumber(one_sequence) or 0) < (tonumber(other_sequence) or 0)
end
local listed_from = oldest and is_before(cut, oldest) and oldest or cut

local count = 0
for at = 7, #ARGV, 3 do
    local host, name, data = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    count = count + 1
    local id = text(ms) .. '-' .. text(sequence + count)
    redis.call('XADD', KEYS[1], id, 'h', host, 'n', name, 'd', data)
    redis.call('HSET', KEYS[2], host .. '\0' .. name, id .. '\0' .. data)
    local list = ARGV[6] .. host .. ':' .. name
    redis.call('XADD', list, 'MINID', '~', listed_from, id, '', '')
    if keep then redis.call('PEXPIRE', list, text(keep + 60000)) end
end

-- After the rest: a full server refuses a script at its first write or not at all.
redis.call('XTRIM', KEYS[1], 'MINID', '~', cut)

if KEYS[6] then
    local value = first .. ' ' .. count .. ' ' .. ARGV[5]
    redis.call('SET', KEYS[6], value, 'PX', text(keep or 366 * 86400000))
end
return {first, count}
