// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/**
 * The bundled minifilter's wire format: the twin of {@code driver/protocol.h}, which is its manual.
 * Names are the header's, offsets are built from one another, and a test compares each with what
 * the C compiler says. Little-endian.
 */
final class GuardProtocol {
  /** 'FPRT' when the bytes are read in order. */
  static final int MAGIC = 0x54525046;

  /** 'FPVD': a verdict. */
  static final int VERDICT_MAGIC = 0x44565046;

  static final int VERSION = 1;

  static final int MAX_CONTENT_BYTES = 65536;
  static final int MAX_PATH_BYTES = 65534;
  static final int MIN_EVENT_CAPACITY = 512;
  static final int MAX_EVENT_BYTES = 128 + 65536 + MAX_CONTENT_BYTES;
  static final int MIN_TIMEOUT_MILLISECONDS = 1;
  static final int MAX_TIMEOUT_MILLISECONDS = 60000;
  static final int DEFAULT_TIMEOUT_MILLISECONDS = 2000;
  static final int LIMIT_MAX_IN_FLIGHT = 65536;

  static final int MIN_RING_BYTES = 16384;
  static final int MAX_RING_BYTES = 67108864;

  static final int ROLE_DECIDER = 1;
  static final int ROLE_OBSERVER = 2;
  static final int CONNECT_EXEMPT = 0x00000001;

  static final int KIND_OPEN = 1;
  static final int KIND_EXECUTE = 2;
  static final int KIND_COUNT = 2;

  static final int EVENT_REPORT = 0x00000001;
  static final int EVENT_BEFORE_OPEN = 0x00000002;
  static final int EVENT_PATH_CUT = 0x00000004;
  static final int EVENT_CONTENT_CUT = 0x00000008;
  static final int EVENT_CONTENT_FAILED = 0x00000010;
  static final int EVENT_PATH_NOT_NORMALIZED = 0x00000020;
  static final int EVENT_HAS_FILE_ID = 0x00000040;
  static final int EVENT_CREATED = 0x00000080;
  static final int EVENT_KERNEL = 0x00000100;

  static final int VERDICT_ALLOW = 1;
  static final int VERDICT_DENY = 2;
  static final int VERDICT_ALLOW_CACHED = 3;

  static final int COMMAND_HELLO = 1;
  static final int COMMAND_SET_POLICY = 2;
  static final int COMMAND_GET_POLICY = 3;
  static final int COMMAND_GET_COUNTERS = 4;
  static final int COMMAND_SET_LIMITS = 5;
  static final int COMMAND_OPEN_RING = 6;

  static final int POLICY_ASK = 0x00000001;
  static final int POLICY_REPORT = 0x00000002;
  static final int POLICY_CACHE = 0x00000004;

  static final int ACTION_ALLOW = 1;
  static final int ACTION_DENY = 2;
  static final int ACTION_ERROR = 3;

  private GuardProtocol() {}

  /**
   * The connection context.
   *
   * <pre>
   *     0 | Magic         |Version| Role  |
   *     8 | Flags         | EventCapacity |
   *    16
   * </pre>
   */
  static final class Connect {
    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = MAGIC_OFFSET + Integer.BYTES;
    static final int ROLE_OFFSET = VERSION_OFFSET + Short.BYTES;
    static final int FLAGS_OFFSET = ROLE_OFFSET + Short.BYTES;
    static final int EVENT_CAPACITY_OFFSET = FLAGS_OFFSET + Integer.BYTES;
    static final int LENGTH = EVENT_CAPACITY_OFFSET + Integer.BYTES;

    private Connect() {}
  }

  /**
   * One operation, followed by the path and, padded to a multiple of 8, the content.
   *
   * <pre>
   *     0 | Magic         |Version| Kind  |
   *     8 | Size          | Flags         |
   *    16 | Sequence                      |
   *    24 | Time                          |
   *    32 | Deadline                      |
   *    40 | ProcessId                     |
   *    48 | ThreadId                      |
   *    56 | FileId                        |
   *    64 | FileIdHigh                    |
   *    72 | FileSize                      |
   *    80 | DesiredAccess | Disposition   |
   *    88 | CreateOptions | Outcome       |
   *    96 | PathOffset    | PathLength    |
   *   104 | ContentOffset | ContentLength |
   *   112 | ProcessStart                  |
   *   120 | Reserved                      |
   *   128 path, UTF-16LE ... content
   * </pre>
   */
  static final class Event {
    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = MAGIC_OFFSET + Integer.BYTES;
    static final int KIND_OFFSET = VERSION_OFFSET + Short.BYTES;
    static final int SIZE_OFFSET = KIND_OFFSET + Short.BYTES;
    static final int FLAGS_OFFSET = SIZE_OFFSET + Integer.BYTES;
    static final int SEQUENCE_OFFSET = FLAGS_OFFSET + Integer.BYTES;
    static final int TIME_OFFSET = SEQUENCE_OFFSET + Long.BYTES;
    static final int DEADLINE_OFFSET = TIME_OFFSET + Long.BYTES;
    static final int PROCESS_ID_OFFSET = DEADLINE_OFFSET + Long.BYTES;
    static final int THREAD_ID_OFFSET = PROCESS_ID_OFFSET + Long.BYTES;
    static final int FILE_ID_OFFSET = THREAD_ID_OFFSET + Long.BYTES;
    static final int FILE_ID_HIGH_OFFSET = FILE_ID_OFFSET + Long.BYTES;
    static final int FILE_SIZE_OFFSET = FILE_ID_HIGH_OFFSET + Long.BYTES;
    static final int DESIRED_ACCESS_OFFSET = FILE_SIZE_OFFSET + Long.BYTES;
    static final int DISPOSITION_OFFSET = DESIRED_ACCESS_OFFSET + Integer.BYTES;
    static final int CREATE_OPTIONS_OFFSET = DISPOSITION_OFFSET + Integer.BYTES;
    static final int OUTCOME_OFFSET = CREATE_OPTIONS_OFFSET + Integer.BYTES;
    static final int PATH_OFFSET_OFFSET = OUTCOME_OFFSET + Integer.BYTES;
    static final int PATH_LENGTH_OFFSET = PATH_OFFSET_OFFSET + Integer.BYTES;
    static final int CONTENT_OFFSET_OFFSET = PATH_LENGTH_OFFSET + Integer.BYTES;
    static final int CONTENT_LENGTH_OFFSET = CONTENT_OFFSET_OFFSET + Integer.BYTES;
    static final int PROCESS_START_OFFSET = CONTENT_LENGTH_OFFSET + Integer.BYTES;
    static final int RESERVED_OFFSET = PROCESS_START_OFFSET + Long.BYTES;
    static final int LENGTH = RESERVED_OFFSET + Long.BYTES;

    private Event() {}
  }

  /**
   * The answer to a question: the payload behind FILTER_REPLY_HEADER.
   *
   * <pre>
   *     0 | Magic         | Verdict       |
   *     8 | Sequence                      |
   *    16
   * </pre>
   */
  static final class VerdictReply {
    static final int MAGIC_OFFSET = 0;
    static final int VERDICT_OFFSET = MAGIC_OFFSET + Integer.BYTES;
    static final int SEQUENCE_OFFSET = VERDICT_OFFSET + Integer.BYTES;
    static final int LENGTH = SEQUENCE_OFFSET + Long.BYTES;

    private VerdictReply() {}
  }

  /**
   * First bytes of each command and of each answer.
   *
   * <pre>
   *     0 | Magic         |Version| Command|
   *     8 | Size          | Kind          |
   *    16
   * </pre>
   */
  static final class CommandHeader {
    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = MAGIC_OFFSET + Integer.BYTES;
    static final int COMMAND_OFFSET = VERSION_OFFSET + Short.BYTES;
    static final int SIZE_OFFSET = COMMAND_OFFSET + Short.BYTES;
    static final int KIND_OFFSET = SIZE_OFFSET + Integer.BYTES;
    static final int LENGTH = KIND_OFFSET + Integer.BYTES;

    private CommandHeader() {}
  }

  /**
   * What the driver is.
   *
   * <pre>
   *     0 | Header: CommandHeader         |
   *    16 | KindCount     | Role          |
   *    24 | MaxContentBytes| MaxInFlight   |
   *    32 | Sequence                      |
   *    40 | Time                          |
   *    48 | EventCapacity | Flags         |
   *    56
   * </pre>
   */
  static final class Hello {
    static final int HEADER_OFFSET = 0;
    static final int KIND_COUNT_OFFSET = HEADER_OFFSET + CommandHeader.LENGTH;
    static final int ROLE_OFFSET = KIND_COUNT_OFFSET + Integer.BYTES;
    static final int MAX_CONTENT_BYTES_OFFSET = ROLE_OFFSET + Integer.BYTES;
    static final int MAX_IN_FLIGHT_OFFSET = MAX_CONTENT_BYTES_OFFSET + Integer.BYTES;
    static final int SEQUENCE_OFFSET = MAX_IN_FLIGHT_OFFSET + Integer.BYTES;
    static final int TIME_OFFSET = SEQUENCE_OFFSET + Long.BYTES;
    static final int EVENT_CAPACITY_OFFSET = TIME_OFFSET + Long.BYTES;
    static final int FLAGS_OFFSET = EVENT_CAPACITY_OFFSET + Integer.BYTES;
    static final int LENGTH = FLAGS_OFFSET + Integer.BYTES;

    private Hello() {}
  }

  /**
   * What is asked about one kind, and what happens without a verdict.
   *
   * <pre>
   *     0 | Header: CommandHeader         |
   *    16 | Flags         | TimeoutMilliseconds|
   *    24 | OnTimeout     | OnNoClient    |
   *    32 | OnOverload    | OnFailure     |
   *    40 | ContentBytes  | Reserved      |
   *    48
   * </pre>
   */
  static final class PolicyCommand {
    static final int HEADER_OFFSET = 0;
    static final int FLAGS_OFFSET = HEADER_OFFSET + CommandHeader.LENGTH;
    static final int TIMEOUT_MILLISECONDS_OFFSET = FLAGS_OFFSET + Integer.BYTES;
    static final int ON_TIMEOUT_OFFSET = TIMEOUT_MILLISECONDS_OFFSET + Integer.BYTES;
    static final int ON_NO_CLIENT_OFFSET = ON_TIMEOUT_OFFSET + Integer.BYTES;
    static final int ON_OVERLOAD_OFFSET = ON_NO_CLIENT_OFFSET + Integer.BYTES;
    static final int ON_FAILURE_OFFSET = ON_OVERLOAD_OFFSET + Integer.BYTES;
    static final int CONTENT_BYTES_OFFSET = ON_FAILURE_OFFSET + Integer.BYTES;
    static final int RESERVED_OFFSET = CONTENT_BYTES_OFFSET + Integer.BYTES;
    static final int LENGTH = RESERVED_OFFSET + Integer.BYTES;

    private PolicyCommand() {}
  }

  /**
   * How many questions may wait.
   *
   * <pre>
   *     0 | Header: CommandHeader         |
   *    16 | MaxInFlight   | Reserved      |
   *    24
   * </pre>
   */
  static final class Limits {
    static final int HEADER_OFFSET = 0;
    static final int MAX_IN_FLIGHT_OFFSET = HEADER_OFFSET + CommandHeader.LENGTH;
    static final int RESERVED_OFFSET = MAX_IN_FLIGHT_OFFSET + Integer.BYTES;
    static final int LENGTH = RESERVED_OFFSET + Integer.BYTES;

    private Limits() {}
  }

  /**
   * The request for an event ring; its answer is RING_VIEWS.
   *
   * <pre>
   *     0 | Header: CommandHeader         |
   *    16 | DataLength    | Reserved      |
   *    24
   * </pre>
   */
  static final class OpenRing {
    static final int HEADER_OFFSET = 0;
    static final int DATA_LENGTH_OFFSET = HEADER_OFFSET + CommandHeader.LENGTH;
    static final int RESERVED_OFFSET = DATA_LENGTH_OFFSET + Integer.BYTES;
    static final int LENGTH = RESERVED_OFFSET + Integer.BYTES;

    private OpenRing() {}
  }

  /**
   * Counters since the driver was loaded.
   *
   * <pre>
   *     0 | Header: CommandHeader         |
   *    16 | Seen                          |
   *    24 | Asked                         |
   *    32 | Allowed                       |
   *    40 | Denied                        |
   *    48 | TimedOut                      |
   *    56 | NoClient                      |
   *    64 | Overload                      |
   *    72 | Failed                        |
   *    80 | InvalidReply                  |
   *    88 | InFlight                      |
   *    96 | InFlightPeak                  |
   *   104 | NotAskedFailed                |
   *   112 | NotAskedUnsafe                |
   *   120 | NotAskedKernel                |
   *   128 | NotAskedExempt                |
   *   136 | NotAskedDirectory             |
   *   144 | NotAskedOff                   |
   *   152 | Reported                      |
   *   160 | ReportsLost                   |
   *   168 | Connects                      |
   *   176 | ConnectsRefused               |
   *   184 | Observers                     |
   *   192 | Deciders                      |
   *   200 | Reserved                      |
   *   208 | Cached                        |
   *   216 | CacheRefused                  |
   *   224 | CacheDrops                    |
   *   232
   * </pre>
   */
  static final class Counters {
    static final int HEADER_OFFSET = 0;
    static final int SEEN_OFFSET = HEADER_OFFSET + CommandHeader.LENGTH;
    static final int ASKED_OFFSET = SEEN_OFFSET + Long.BYTES;
    static final int ALLOWED_OFFSET = ASKED_OFFSET + Long.BYTES;
    static final int DENIED_OFFSET = ALLOWED_OFFSET + Long.BYTES;
    static final int TIMED_OUT_OFFSET = DENIED_OFFSET + Long.BYTES;
    static final int NO_CLIENT_OFFSET = TIMED_OUT_OFFSET + Long.BYTES;
    static final int OVERLOAD_OFFSET = NO_CLIENT_OFFSET + Long.BYTES;
    static final int FAILED_OFFSET = OVERLOAD_OFFSET + Long.BYTES;
    static final int INVALID_REPLY_OFFSET = FAILED_OFFSET + Long.BYTES;
    static final int IN_FLIGHT_OFFSET = INVALID_REPLY_OFFSET + Long.BYTES;
    static final int IN_FLIGHT_PEAK_OFFSET = IN_FLIGHT_OFFSET + Long.BYTES;
    static final int NOT_ASKED_FAILED_OFFSET = IN_FLIGHT_PEAK_OFFSET + Long.BYTES;
    static final int NOT_ASKED_UNSAFE_OFFSET = NOT_ASKED_FAILED_OFFSET + Long.BYTES;
    static final int NOT_ASKED_KERNEL_OFFSET = NOT_ASKED_UNSAFE_OFFSET + Long.BYTES;
    static final int NOT_ASKED_EXEMPT_OFFSET = NOT_ASKED_KERNEL_OFFSET + Long.BYTES;
    static final int NOT_ASKED_DIRECTORY_OFFSET = NOT_ASKED_EXEMPT_OFFSET + Long.BYTES;
    static final int NOT_ASKED_OFF_OFFSET = NOT_ASKED_DIRECTORY_OFFSET + Long.BYTES;
    static final int REPORTED_OFFSET = NOT_ASKED_OFF_OFFSET + Long.BYTES;
    static final int REPORTS_LOST_OFFSET = REPORTED_OFFSET + Long.BYTES;
    static final int CONNECTS_OFFSET = REPORTS_LOST_OFFSET + Long.BYTES;
    static final int CONNECTS_REFUSED_OFFSET = CONNECTS_OFFSET + Long.BYTES;
    static final int OBSERVERS_OFFSET = CONNECTS_REFUSED_OFFSET + Long.BYTES;
    static final int DECIDERS_OFFSET = OBSERVERS_OFFSET + Long.BYTES;
    static final int RESERVED_OFFSET = DECIDERS_OFFSET + Long.BYTES;
    static final int CACHED_OFFSET = RESERVED_OFFSET + Long.BYTES;
    static final int CACHE_REFUSED_OFFSET = CACHED_OFFSET + Long.BYTES;
    static final int CACHE_DROPS_OFFSET = CACHE_REFUSED_OFFSET + Long.BYTES;
    static final int LENGTH = CACHE_DROPS_OFFSET + Long.BYTES;

    private Counters() {}
  }
}
