-- Arithmetic, tables and strings without a command.
local t = {}
for i = 1, 2000 do t[i] = i % 7 end
local sum = 0
for _, v in ipairs(t) do sum = sum + v end
local s = ''
for i = 1, 200 do s = s .. i end
return sum + #s
