/** One session: its figures, its turns, what it used, and the records it is made of. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/contract/api.ts'
import type { Session } from '../../api/contract/session.ts'
import { ask } from '../ask.ts'
import { eventsWarning } from '../../domain/cost-text.ts'
import { plural } from '../format/count.ts'
import { AttributeList } from '../parts/attribute-list.tsx'
import { CostPerPrompt } from '../parts/cost-per-prompt.tsx'
import { MaskedList } from '../parts/masked-list.tsx'
import { ModelTable } from '../parts/model-table.tsx'
import { Panel } from '../parts/panel.tsx'
import { RawEventsPanel } from '../parts/raw-events-panel.tsx'
import { ScoreList } from '../parts/score-list.tsx'
import { SessionHead } from '../parts/session-head.tsx'
import { SessionStrip } from '../parts/session-strip.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'
import { ToolTable, toolNote } from '../parts/tool-table.tsx'
import { TurnsPanel } from '../parts/turns-panel.tsx'
import { WastePanel } from '../parts/waste-panel.tsx'
import { WorkList } from '../parts/work-list.tsx'
import { sessionKeyOf } from '../session-path.ts'

export function SessionView() {
  const key = sessionKeyOf(window.location.pathname)
  const session = useQuery({
    queryKey: ['session', key],
    queryFn: ({ signal }) => ask(api.session, { params: { key }, signal }),
    refetchInterval: ({ state }) => (state.data?.session.isOpen === true ? 5_000 : 60_000),
  })
  if (session.data === undefined) {
    return session.isError ? <Failed error={session.error} /> : <Loading />
  }
  return <SessionBody data={session.data} />
}

function SessionBody({ data }: { readonly data: Session }) {
  const { session, strip, scores, turns, models, tools } = data
  const { omittedAttributes, reconciliation } = data
  return (
    <>
      <SessionHead data={data} />
      {eventsWarning(strip) !== undefined && (
        <p className="notice notice-warning">{eventsWarning(strip)}</p>
      )}
      <SessionStrip strip={strip} hasMetrics={reconciliation !== null} />
      <CostPerPrompt turns={turns} />
      <TurnsPanel data={data} />
      <div className="columns columns-wide">
        <div className="stack">
          <Panel title="Models">
            <ModelTable models={models} />
          </Panel>
          <Panel title="Tools" note={toolNote(tools)}>
            {tools.length === 0 ? <Empty>No tool was used.</Empty> : <ToolTable tools={tools} />}
          </Panel>
        </div>
        <Panel title="Scores">
          {scores.length === 0 ? (
            <Empty>Nothing to score yet.</Empty>
          ) : (
            <ScoreList scores={scores} />
          )}
        </Panel>
      </div>
      {data.work.length > 0 && (
        <Panel title="Commits and pull requests">
          <WorkList work={data.work} />
        </Panel>
      )}
      {Object.keys(data.masked).length > 0 && (
        <Panel title="Masked secrets" note="by the rule that found them; none of them was stored">
          <MaskedList masked={data.masked} />
        </Panel>
      )}
      <Panel title="Resource attributes" note="choose one to see all sessions that have it">
        <AttributeList attributes={data.attributes} />
        {omittedAttributes > 0 && (
          <p className="faint">{plural(omittedAttributes, 'further attribute')} not shown</p>
        )}
      </Panel>
      <WastePanel sessionKey={session.key} isOpen={session.isOpen} />
      <RawEventsPanel sessionKey={session.key} />
    </>
  )
}
