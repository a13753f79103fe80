// Asks for a key where the server wants one.

import { useState } from "preact/hooks";
import { keepKey, readKey } from "../api";
import { useWords } from "../words/words";

export function KeyForm({ given, lacks }: { given: () => void; lacks?: string }) {
  const { say } = useWords();
  const [key, setKey] = useState("");
  const refused = readKey() !== "";
  return (
    <form
      class="card narrow"
      onSubmit={(event) => {
        event.preventDefault();
        keepKey(key);
        given();
      }}
    >
      <h1>{say("key.title")}</h1>
      {lacks ? (
        <p role="alert">{say("key.lacks", { message: lacks })}</p>
      ) : (
        refused && <p role="alert">{say("key.wrong")}</p>
      )}
      <label for="key">{say("key.label")}</label>
      <input
        id="key"
        type="password"
        autocomplete="off"
        required
        value={key}
        aria-describedby="key-hint"
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <p id="key-hint" class="quiet">
        {say("key.hint")}
      </p>
      <button class="main">{say("key.use")}</button>
    </form>
  );
}
