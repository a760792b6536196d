-- Removes a user, the claim on its email, its API keys and their fingerprints.
--
-- KEYS  1 user (hash), 2 emails (hash: email -> id), 3 ix (lex index), 4 fps (hash)
-- ARGV  1 id   2 what API key keys begin with; it carries the tag of KEYS[1]
-- Returns {"missing"}; {"ok", escaped id of a key, fields, escaped id, fields, ...}
-- USES text
local held = redis.call('HMGET', KEYS[1], 'email', 'role', 'c')
if not held[1] then return {'missing'} end
local id = escape(ARGV[1])
local reply = {'ok'}
local prefix = 'ku ' .. id .. ' '
local members = redis.call('ZRANGE', KEYS[3], '[' .. prefix, '(ku ' .. id .. '!', 'BYLEX')
for _, member in ipairs(members) do
  local key_id = string.match(string.sub(member, #prefix + 1), '^%d+ (.+)$')
  local fields = redis.call('HGETALL', ARGV[2] .. key_id)
  for i = 1, #fields, 2 do
    if fields[i] == 'fp' then redis.call('HDEL', KEYS[4], fields[i + 1]) end
  end
  redis.call('DEL', ARGV[2] .. key_id)
  redis.call('ZREM', KEYS[3], member)
  if #fields > 0 then
    reply[#reply + 1] = key_id
    reply[#reply + 1] = fields
  end
end
local place = ' ' .. pad16(tonumber(held[3])) .. ' ' .. id
redis.call('ZREM', KEYS[3], 'us' .. place, 'ro ' .. held[2] .. place)
if redis.call('HGET', KEYS[2], held[1]) == ARGV[1] then redis.call('HDEL', KEYS[2], held[1]) end
redis.call('DEL', KEYS[1])
return reply
