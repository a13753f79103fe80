// Scores whether the predicted SQL is the gold SQL, letter for letter.

import { metric } from "nl2sql-plugin";

export default metric({
  describe() {
    return [{ name: "same-text", direction: "higher-is-better", unit: "ratio", extra: [] }];
  },
  open() {
    return {
      score(rows) {
        return rows.map(({ predictedSql, gold }) => ({ values: [predictedSql === gold ? 1 : 0], labels: [] }));
      },
    };
  },
});
