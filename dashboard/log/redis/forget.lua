-- Take hosts and names out of the newest, unless there is a newer event of them meanwhile.
--
-- KEYS  the newest of each host and name.
-- ARGV  field and id, for each.

for at = 1, #ARGV, 2 do
    local value = redis.call('HGET', KEYS[1], ARGV[at])
    if value and string.match(value, '^[^%z]*') == ARGV[at + 1] then
        redis.call('HDEL', KEYS[1], ARGV[at])
    end
end
