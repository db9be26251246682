// SPDX-License-Identifier: Apache-2.0
package io.github.filterport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens to errors that nobody asked for. */
final class LoggingErrorHandler implements ErrorHandler {
  private static final Logger LOG = LoggerFactory.getLogger(MessagePump.class);

  private final String port;

  LoggingErrorHandler(String port) {
    this.port = port;
  }

  @Override
  public void onError(Throwable error) {
    if (error instanceof Error) {
      LOG.error("{}: receiving stops", port, error);
    } else {
      LOG.warn("{}: {}", port, error.getMessage(), error);
    }
  }
}
