const PAUSE = 2_000;

/**
 * Brings a part of the application from the server. While the server is away it is asked again: a
 * page that was chosen meanwhile comes when the server is back, and nothing that is shown is lost.
 *
 * @throws The import's own error where the server answers and has no such part: it has been
 *   replaced by another version, and the page must be loaded anew.
 */
export async function load<T>(importer: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await importer();
    } catch (error) {
      if (await answers()) throw error;
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }
}

const answers = (): Promise<boolean> =>
  fetch("/v1/session/ways", { cache: "no-store" }).then(
    (answer) => answer.status < 500,
    () => false,
  );
