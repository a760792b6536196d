-- Counts the checkpoints of a namespace that refer to a value; O(checkpoints), without the limit
-- of rows.
--
-- KEYS  1 i (zset: checkpoint id by seq), 2 r (hash), 3 the value
-- ARGV  1 base of the keys; it carries the tag of KEYS[1]   2 namespace, escaped
--       3 "<channel> <version>"   4 "1": remove the value when there are none
-- Returns the count
-- USES row ckpt
local count = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  for _, text in ipairs(texts_of(redis.call('HGET', ck_key(ARGV[1], ARGV[2], id), 'cv'))) do
    if text == ARGV[3] then count = count + 1 end
  end
end
if ARGV[4] == '1' and count == 0 and redis.call('HEXISTS', KEYS[2], ARGV[3]) == 0 then
  redis.call('DEL', KEYS[3])
end
return count
