// The frame: who reads, in which language and colours, and which view.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Access } from "./api_types";
import { KeyForm } from "./parts/key_form";
import { Failure, Loading } from "./parts/notices";
import { useRequest } from "./request";
import { useRoute, type Route } from "./route";
import { applyTheme, readTheme, type Theme } from "./theme";
import { AskView } from "./views/ask";
import { RunView } from "./views/run";
import { RunsView } from "./views/runs";
import { WorkersView } from "./views/workers";
import { keepLanguage, readLanguage, speaker, SpeakerContext, useWords, type Language } from "./words/words";

export function Page() {
  const [language, setLanguage] = useState(readLanguage);
  const words = useMemo(() => speaker(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    keepLanguage(language);
  }, [language]);
  return (
    <SpeakerContext.Provider value={words}>
      <Frame language={language} setLanguage={setLanguage} />
    </SpeakerContext.Provider>
  );
}

function Frame(props: { language: Language; setLanguage: (language: Language) => void }) {
  const { say } = useWords();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = `${route.view}/${route.run}/${route.tab}`;
  const shown = useRef(place);
  useEffect(() => {
    const name = route.view === "run" ? `${route.run} · ` : "";
    document.title = `${name}${say(titleOf(route))} · nl2sql`;
    // A new view begins at its beginning, for eyes and screen readers alike.
    if (shown.current !== place) main.current?.focus();
    shown.current = place;
  }, [place, say]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {say("skip")}
      </a>
      <header class="bar">
        <a class="brand" href="#/runs">
          nl2sql
        </a>
        <nav aria-label="nl2sql">
          <a href="#/runs" aria-current={route.view === "ask" ? undefined : "page"}>
            {say("runs")}
          </a>
          <a href="#/ask" aria-current={route.view === "ask" ? "page" : undefined}>
            {say("ask")}
          </a>
        </nav>
        <Choices {...props} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Content route={route} />
      </main>
    </>
  );
}

function titleOf(route: Route) {
  if (route.view === "ask" || route.view === "workers") return route.view;
  return route.view === "runs" ? "runs" : (route.tab as "overview");
}

function Choices(props: { language: Language; setLanguage: (language: Language) => void }) {
  const { say } = useWords();
  const [theme, setTheme] = useState<Theme>(readTheme);
  return (
    <div class="choices">
      <label>
        <span class="unseen">{say("language")}</span>
        <select
          value={props.language}
          onChange={(event) => props.setLanguage(event.currentTarget.value as Language)}
        >
          <option value="en" lang="en">
            English
          </option>
          <option value="zh" lang="zh">
            中文
          </option>
        </select>
      </label>
      <label>
        <span class="unseen">{say("theme")}</span>
        <select
          value={theme}
          onChange={(event) => {
            const chosen = event.currentTarget.value as Theme;
            setTheme(chosen);
            applyTheme(chosen);
          }}
        >
          <option value="system">{say("theme.system")}</option>
          <option value="light">{say("theme.light")}</option>
          <option value="dark">{say("theme.dark")}</option>
        </select>
      </label>
    </div>
  );
}

function Content({ route }: { route: Route }) {
  const access = useRequest<Access>("/v1/access");
  if (access.error?.status === 401) return <KeyForm given={access.refresh} />;
  if (access.error) return <Failure error={access.error} retry={access.refresh} />;
  if (!access.data) return <Loading />;
  if (route.view === "ask") return <AskView access={access.data} />;
  if (!access.data.rights.includes("view")) return <KeyForm given={access.refresh} lacks="view" />;
  if (route.view === "workers") return <WorkersView />;
  if (route.view === "run") return <RunView key={route.run} run={route.run} route={route} access={access.data} />;
  return <RunsView access={access.data} />;
}
