-- Reads entries of an outer index, newest first, and the marks of crashed writers.
--
-- KEYS  1 ix (lex index), 2 ver (hash: member -> stamp), 3 dirty (zset: mark by time)
-- ARGV  1 prefix of the entries   2 what follows it in the entry after which to go on, or ""
--       3 most rows   4 time at which marks are old, unix ms
-- Returns {{mark, ...}, where to go on, or "", rest of entry, guarding member, its stamp, ...}
local prefix = ARGV[1] .. ' '
local high = ARGV[2] == '' and '(' .. ARGV[1] .. '!' or '(' .. prefix .. ARGV[2]
local marks = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[4], 'LIMIT', 0, 100)
local entries = redis.call('ZRANGE', KEYS[1], high, '[' .. prefix, 'BYLEX', 'REV', 'LIMIT', 0,
  ARGV[3])
local kind = string.sub(ARGV[1], 1, 1)
local reply = {marks, ''}
for _, entry in ipairs(entries) do
  local guard = '*'
  if kind == 't' then
    local exec, task = string.match(entry, '.* (.*) (.*)')
    guard = exec and exec .. ':' .. task or '*'
  elseif kind ~= 'x' then
    guard = string.match(entry, '.* (.*)')
  end
  reply[#reply + 1] = string.sub(entry, #prefix + 1)
  reply[#reply + 1] = guard
  reply[#reply + 1] = redis.call('HGET', KEYS[2], guard) or ''
end
if #entries == tonumber(ARGV[3]) then
  reply[2] = string.sub(entries[#entries], #prefix + 1)
end
return reply
