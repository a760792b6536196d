#include "base/result.h"

namespace satchel {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyExists:
      return "AlreadyExists";
    case ErrorCode::kVersionConflict:
      return "VersionConflict";
    case ErrorCode::kConflict:
      return "Conflict";
    case ErrorCode::kCapacityExceeded:
      return "CapacityExceeded";
    case ErrorCode::kTooLarge:
      return "TooLarge";
    case ErrorCode::kCorrupt:
      return "Corrupt";
    case ErrorCode::kWrongType:
      return "WrongType";
    case ErrorCode::kReplyError:
      return "ReplyError";
    case ErrorCode::kProtocol:
      return "Protocol";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kMaybeExecuted:
      return "MaybeExecuted";
    case ErrorCode::kTimeout:
      return "Timeout";
    case ErrorCode::kReadOnly:
      return "ReadOnly";
    case ErrorCode::kOutOfMemory:
      return "OutOfMemory";
    case ErrorCode::kClosed:
      return "Closed";
    case ErrorCode::kConfig:
      return "Config";
    case ErrorCode::kIo:
      return "Io";
    case ErrorCode::kLocked:
      return "Locked";
    case ErrorCode::kNewerFormat:
      return "NewerFormat";
    case ErrorCode::kForeign:
      return "Foreign";
    case ErrorCode::kUnsupported:
      return "Unsupported";
    case ErrorCode::kUserNotFound:
      return "UserNotFound";
    case ErrorCode::kApiKeyNotFound:
      return "ApiKeyNotFound";
    case ErrorCode::kWorkflowNotFound:
      return "WorkflowNotFound";
    case ErrorCode::kTaskNotFound:
      return "TaskNotFound";
    case ErrorCode::kAlreadyBootstrapped:
      return "AlreadyBootstrapped";
    case ErrorCode::kEtagMismatch:
      return "EtagMismatch";
    case ErrorCode::kWorkflowNotReady:
      return "WorkflowNotReady";
    case ErrorCode::kNotInTransaction:
      return "NotInTransaction";
    case ErrorCode::kNestedTag:
      return "NestedTag";
    case ErrorCode::kLockTimeout:
      return "LockTimeout";
    case ErrorCode::kLockNotHeld:
      return "LockNotHeld";
    case ErrorCode::kLockNotOwned:
      return "LockNotOwned";
    case ErrorCode::kFenceLost:
      return "FenceLost";
    case ErrorCode::kFlushAlreadyPending:
      return "FlushAlreadyPending";
    case ErrorCode::kInvalidMessage:
      return "InvalidMessage";
    case ErrorCode::kCircuitOpen:
      return "CircuitOpen";
    case ErrorCode::kInternal:
      return "Internal";
  }
  return "Unknown";
}

}  // namespace satchel
