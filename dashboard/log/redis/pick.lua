-- The events of some hosts and names from one id to another, the oldest first.
--
-- KEYS  the stream; then what lists the ids of each host and name.
-- ARGV  the first and the last id; how many at most.
-- Returns the id up to which that is all ('' for the last) and the stream's entries.

local limit = tonumber(ARGV[3])
local each = math.max(16, math.ceil(2 * limit / (#KEYS - 1)))

local function is_before(one, other)
    return one[1] < other[1] or (one[1] == other[1] and one[2] < other[2])
end

local ids, cut = {}, nil
for k = 2, #KEYS do
    local entries = redis.call('XRANGE', KEYS[k], ARGV[1], ARGV[2], 'COUNT', each)
    local id
    for _, entry in ipairs(entries) do
        local ms, sequence = string.match(entry[1], '^(%d+)-(%d+)$')
        id = {tonumber(ms), tonumber(sequence), entry[1]}
        ids[#ids + 1] = id
    end
    -- There may be more of these, behind the last of them.
    if #entries == each and (not cut or is_before(id, cut)) then cut = id end
end
if #KEYS > 2 then table.sort(ids, is_before) end

local events = {}
for _, id in ipairs(ids) do
    if #events == limit or (cut and is_before(cut, id)) then break end
    local found = redis.call('XRANGE', KEYS[1], id[3], id[3])
    if found[1] then events[#events + 1] = found[1] end
end
return {cut and cut[3] or '', events}
