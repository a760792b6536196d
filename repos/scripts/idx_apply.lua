-- Brings what an outer index says of a member to the state of one commit, unless it knows a newer
-- one; takes back the mark.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp), 3 dirty (zset: mark by time)
-- ARGV  1 member   2 stamp "<c> <v>", 16 and 20 digits   3 mark   4 "1": the object was deleted;
--       "=" and a stamp: a repair, nothing happens unless this is the one held ("=" alone: none)
--       5 number of old entries   6... old entries, then new ones
-- Returns 1, or 0 when nothing was added
--
-- A commit that comes late leaves old entries that the newer one did not know. Whether they still
-- fit only the object can tell, so they become marks "<member> <entry>" for the next reader.
local held = redis.call('HGET', KEYS[2], ARGV[1])
if string.sub(ARGV[4], 1, 1) == '=' and (held or '') ~= string.sub(ARGV[4], 2) then return 0 end
redis.call('ZREM', KEYS[3], ARGV[3])
local news = 6 + tonumber(ARGV[5])
local is_late = held and held > ARGV[2]
local fits = {}
for i = news, #ARGV do fits[ARGV[i]] = true end
for i = 6, news - 1 do
  local entry = ARGV[i]
  -- What starts with x stands for all tasks of an execution: readers find out when none is left.
  if string.sub(entry, 1, 1) ~= 'x' and not fits[entry] then
    if not is_late then
      redis.call('ZREM', KEYS[1], entry)
    elseif redis.call('ZSCORE', KEYS[1], entry) then
      redis.call('ZADD', KEYS[3], 0, ARGV[1] .. ' ' .. entry)
    end
  end
end
if held and held >= ARGV[2] then return 0 end
if ARGV[4] == '1' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return 1
end
for i = news, #ARGV do
  redis.call('ZADD', KEYS[1], 0, ARGV[i])
  if string.sub(ARGV[i], 1, 1) == 'x' then redis.call('HINCRBY', KEYS[2], '*', 1) end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
