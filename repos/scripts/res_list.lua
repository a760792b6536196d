-- Reads resources in order of (id, version), and removes members whose object is gone.
--
-- KEYS  1 ix (lex index: <id> <version>), 2 rev (string)
-- ARGV  1 "<id> <version>" after which to go on, or ""   2 most rows
--       3 what object keys begin with; it carries the tag of KEYS[1]   4 "1": with values
-- Returns {"<id> <version>" to go on after, or "", rev, members,
--          "<id> <version>", JSON, ETag, ...}; JSON is false without values
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local members = redis.call('ZRANGE', KEYS[1], from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local reply = {'', redis.call('GET', KEYS[2]) or '0', 0}
for _, member in ipairs(members) do
  local object = ARGV[3] .. string.gsub(member, ' ', ':')
  local held = redis.call('HMGET', object, ARGV[4] == '1' and 'j' or 'f', 'e')
  if not held[1] and not held[2] and redis.call('EXISTS', object) == 0 then
    redis.call('ZREM', KEYS[1], member)
  else
    reply[#reply + 1] = member
    reply[#reply + 1] = held[1]
    reply[#reply + 1] = held[2]
  end
end
reply[3] = redis.call('ZCARD', KEYS[1])
if #members == tonumber(ARGV[2]) then reply[1] = members[#members] end
return reply
