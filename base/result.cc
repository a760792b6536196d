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
    case ErrorCode::kInternal:
      return "Internal";
  }
  return "Unknown";
}

}  // namespace satchel
