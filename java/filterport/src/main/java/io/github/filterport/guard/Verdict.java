// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

/** What a {@link Decider} says about an operation. */
public enum Verdict {
  /** The operation goes on. */
  ALLOW(GuardProtocol.VERDICT_ALLOW),

  /**
   * The operation goes on, and later ones of its kind on the same file need not be asked while the
   * file stays as it is. Heeded where the operation's policy says {@link Policy#cache()}; elsewhere
   * the same as {@link #ALLOW}.
   *
   * <p><b>When it may be used.</b> Only for a verdict that rests on the file's content alone, all
   * of it: one that would be the same under any other path, for any other process and user, at any
   * other time. A decider that looks at {@link FileEvent#path()} or {@link FileEvent#processId()},
   * or has seen only the first bytes of a longer file ({@link FileEvent#isContentCut()}) and rests
   * on more than these, answers {@link #ALLOW}. A denial is never remembered.
   *
   * <p><b>What is remembered.</b> It is a permission; the driver and the volume decide. On Linux
   * files of a fanotify volume are: regular files that belong to root (or to the user that runs
   * fltmgrd), that nobody else may write, that nobody has open for writing at the moment of the
   * verdict, and that have not changed since before the question was asked. {@link
   * GuardCounters#cached()} and {@link GuardCounters#cacheRefused()} count both. Operations that
   * then pass are not asked, not counted and not reported to observers.
   *
   * <p><b>What ends it.</b> A write or truncation, before the call that does it returns; shortly
   * afterwards, each as soon as the kernel's report is read, the closing of a descriptor that was
   * open for writing, a rename, a new or removed link, a change of owner, mode or extended
   * attributes. And everything is forgotten when this decider disconnects, when any policy is set,
   * when another driver attaches to the volume or this one is unloaded.
   *
   * <p><b>What remains.</b> Somebody who may write the file opens it after the verdict and changes
   * it through a shared mapping, by {@code io_submit}, or by way of a loop device: the kernel tells
   * nobody of such a change, and the old verdict holds until that descriptor is closed and
   * unmapped. This is why files that others may write are never remembered.
   */
  ALLOW_CACHED(GuardProtocol.VERDICT_ALLOW_CACHED),

  /** The opener sees STATUS_ACCESS_DENIED; on Linux EPERM. */
  DENY(GuardProtocol.VERDICT_DENY);

  private final int code;

  Verdict(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
