-- Log one batch, all or nothing; nobody else's command runs in between.
--
-- KEYS  the stream; the newest of each host and name; how long is kept; and, where the batch has a
--       key, what was given under it.
-- ARGV  now (ms since 1970; '' for the server's clock); retention (ms; '' for the one that is
--       noted); the highest id that the caller knows, ms and sequence; the body digest; how
--       the names begin of what lists the ids of each host and name; then host, name and data of
--       each event.
-- Returns the batch's first id and its length: the others' sequences follow. Nothing where the key
-- came with another body digest.

local function text(number) return string.format('%.0f', number) end

local now = tonumber(ARGV[1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local noted = redis.call('GET', KEYS[3])
local keep = tonumber(ARGV[2]) or tonumber(noted or nil)
local kept_from = keep and math.max(0, now - keep) or 0

if KEYS[4] then
    local given = redis.call('GET', KEYS[4])
    if given then
        local first, ms, count, print = string.match(given, '^((%d+)-%d+) (%d+) (.*)$')
        if tonumber(ms) >= kept_from then
            if print ~= ARGV[5] then return {} end
            return {first, tonumber(count)}
        end
    end
end

if tonumber(ARGV[2]) and noted ~= ARGV[2] then redis.call('SET', KEYS[3], ARGV[2]) end

-- Above all that was ever given here, and above what the caller knows: a server that came back with
-- less than it had must not give an id twice.
local ms, sequence = tonumber(ARGV[3]), tonumber(ARGV[4])
local about = redis.pcall('XINFO', 'STREAM', KEYS[1])
for at = 1, #about, 2 do
    if about[at] == 'last-generated-id' then
        local its_ms, its_sequence = string.match(about[at + 1], '^(%d+)-(%d+)$')
        its_ms, its_sequence = tonumber(its_ms), tonumber(its_sequence)
        if its_ms > ms or (its_ms == ms and its_sequence > sequence) then
            ms, sequence = its_ms, its_sequence
        end
    end
end
if now > ms then ms, sequence = now, -1 end

local first = text(ms) .. '-' .. text(sequence + 1)
local count = 0
for at = 7, #ARGV, 3 do
    local host, name, data = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    count = count + 1
    local id = text(ms) .. '-' .. text(sequence + count)
    redis.call('XADD', KEYS[1], id, 'h', host, 'n', name, 'd', data)
    redis.call('HSET', KEYS[2], host .. '\0' .. name, id .. '\0' .. data)
    local list = ARGV[6] .. host .. ':' .. name
    redis.call('XADD', list, 'MINID', '~', text(kept_from), id, '', '')
    if keep then redis.call('PEXPIRE', list, text(keep + 60000)) end
end

-- After the rest: a full server refuses a script at its first write or not at all.
redis.call('XTRIM', KEYS[1], 'MINID', '~', text(kept_from))

if KEYS[4] then
    local value = first .. ' ' .. count .. ' ' .. ARGV[5]
    redis.call('SET', KEYS[4], value, 'PX', text(keep or 366 * 86400000))
end
return {first, count}
