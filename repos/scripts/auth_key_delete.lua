-- Removes an API key and its fingerprint.
--
-- KEYS  1 key (hash), 2 fps (hash: hex fingerprint -> id), 3 ix (lex index)
-- ARGV  1 id
-- Returns the fields it had; {} when there was none
-- USES text
local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then return {} end
local held = redis.call('HMGET', KEYS[1], 'fp', 'user_id', 'c')
if held[1] and redis.call('HGET', KEYS[2], held[1]) == ARGV[1] then
  redis.call('HDEL', KEYS[2], held[1])
end
if held[2] and held[3] then
  redis.call('ZREM', KEYS[3],
    'ku ' .. escape(held[2]) .. ' ' .. pad16(tonumber(held[3])) .. ' ' .. escape(ARGV[1]))
end
redis.call('DEL', KEYS[1])
return fields
