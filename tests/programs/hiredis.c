// hiredis: binary values, pipelines, all kinds of replies, a subscription and a blocking call.

#include <assert.h>
#include <hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "FAILED: line %d: %s\n", __LINE__, #condition);   \
      exit(1);                                                          \
    }                                                                   \
  } while (0)

static redisContext* Connect(void) {
  redisContext* context = redisConnect("127.0.0.1", atoi(getenv("PORT")));
  CHECK(context != NULL && !context->err);
  return context;
}

static void Values(redisContext* context) {
  redisReply* reply = redisCommand(context, "SET %s %b", "binary", "a\0b\r\n", (size_t)5);
  CHECK(reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "OK") == 0);
  freeReplyObject(reply);
  reply = redisCommand(context, "GET binary");
  CHECK(reply->type == REDIS_REPLY_STRING && reply->len == 5 && memcmp(reply->str, "a\0b\r\n", 5) == 0);
  freeReplyObject(reply);
  reply = redisCommand(context, "GET missing");
  CHECK(reply->type == REDIS_REPLY_NIL);
  freeReplyObject(reply);
  reply = redisCommand(context, "INCR binary");
  CHECK(reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "ERR ", 4) == 0);
  freeReplyObject(reply);
  reply = redisCommand(context, "EVAL %s 0", "return {1, 'two', {3, false}}");
  CHECK(reply->type == REDIS_REPLY_ARRAY && reply->elements == 3);
  CHECK(reply->element[2]->element[1]->type == REDIS_REPLY_NIL);
  freeReplyObject(reply);
}

static void Pipelines(redisContext* context) {
  enum { kCount = 20000 };
  for (int i = 0; i < kCount; ++i) redisAppendCommand(context, "INCRBY pipelined %d", 2);
  for (int i = 1; i <= kCount; ++i) {
    redisReply* reply;
    CHECK(redisGetReply(context, (void**)&reply) == REDIS_OK);
    CHECK(reply->type == REDIS_REPLY_INTEGER && reply->integer == 2 * i);
    freeReplyObject(reply);
  }
  static char large[8 << 20];
  memset(large, 'x', sizeof large);
  redisReply* reply = redisCommand(context, "SET large %b", large, sizeof large);
  CHECK(reply->type == REDIS_REPLY_STATUS);
  freeReplyObject(reply);
  reply = redisCommand(context, "GET large");
  CHECK(reply->len == sizeof large && memcmp(reply->str, large, sizeof large) == 0);
  freeReplyObject(reply);
}

static void Messages(redisContext* context) {
  redisContext* listener = Connect();
  redisReply* reply = redisCommand(listener, "SUBSCRIBE channel");
  CHECK(reply->elements == 3 && strcmp(reply->element[0]->str, "subscribe") == 0);
  freeReplyObject(reply);
  reply = redisCommand(context, "PUBLISH channel message");
  CHECK(reply->integer == 1);
  freeReplyObject(reply);
  CHECK(redisGetReply(listener, (void**)&reply) == REDIS_OK);
  CHECK(strcmp(reply->element[2]->str, "message") == 0);
  freeReplyObject(reply);
  redisFree(listener);
}

static void Blocking(redisContext* context) {
  redisContext* waiter = Connect();
  redisAppendCommand(waiter, "BLPOP queue 20");
  int written = 0;
  while (!written) CHECK(redisBufferWrite(waiter, &written) == REDIS_OK);
  redisReply* reply = redisCommand(context, "RPUSH queue job");
  freeReplyObject(reply);
  CHECK(redisGetReply(waiter, (void**)&reply) == REDIS_OK);
  CHECK(reply->elements == 2 && strcmp(reply->element[1]->str, "job") == 0);
  freeReplyObject(reply);
  redisFree(waiter);
}

int main(void) {
  redisContext* context = Connect();
  Values(context);
  Pipelines(context);
  Messages(context);
  Blocking(context);
  redisFree(context);
  puts("passed");
  return 0;
}
