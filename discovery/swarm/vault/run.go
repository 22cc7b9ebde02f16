package vault

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// Run keeps what is known fresh, and sweeps, until ctx ends. Without it others' changes are seen when something is asked for that is
// not known. It logs when the vault cannot be reached, or holds what does not open, and when that is over.
func (v *Vault) Run(ctx context.Context) {
	var told tale
	swept := time.Now()
	for {
		err := v.catchUp(ctx)
		if ctx.Err() != nil {
			return
		}
		v.tell(&told, err)
		if err == nil && time.Since(swept) >= sweepEvery {
			v.sweep(ctx)
			swept = time.Now()
		}
		if sleep(ctx, v.options.Poll) != nil {
			return
		}
	}
}

// A tale is what the log has been told: each trouble once.
type tale struct{ unreachable, sealed bool }

func (v *Vault) tell(told *tale, err error) {
	log := v.options.Log
	switch {
	case err != nil && !told.unreachable:
		log.Warn("certificates in the swarm cannot be read or written: what is known is served", zap.Error(err))
	case err == nil && told.unreachable:
		log.Info("certificates in the swarm can be read and written again")
	}
	told.unreachable = err != nil
	if err != nil {
		return
	}
	sealed, _, example := v.known.shut()
	switch {
	case sealed > 0 && !told.sealed:
		log.Error("certificates in the swarm cannot be opened", zap.Int("configs", sealed), zap.Error(sealedError(example)))
	case sealed == 0 && told.sealed:
		log.Info("everything in the swarm's vault opens again")
	}
	told.sealed = sealed > 0
}
