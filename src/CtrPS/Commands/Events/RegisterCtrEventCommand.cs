using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Register-CtrEvent: events of containerd as events of PowerShell.</summary>
[Cmdlet(VerbsLifecycle.Register, "CtrEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterCtrEventCommand : CtrEventCmdlet
{
    /// <summary>Name of the subscription. Default: a new unique one.</summary>
    [Parameter(HelpMessage = "A name for the subscription, for Get-Event, Wait-Event and Unregister-Event.")]
    [ValidateNotNullOrEmpty]
    public string SourceIdentifier { get; set; } = Guid.NewGuid().ToString();

    /// <summary>What to do with each event. Default: it is put into the event queue.</summary>
    [Parameter(HelpMessage = "A script block to run for each event; the event is $EventArgs.Event. Without it, Get-Event has the events.")]
    [ValidateNotNull]
    public ScriptBlock? Action { get; set; }

    /// <summary>Data for the action, in <c>$Event.MessageData</c>.</summary>
    [Parameter(HelpMessage = "Data for the action: $Event.MessageData.")]
    public PSObject? MessageData { get; set; }

    /// <summary>Hide the subscription from Get-EventSubscriber.</summary>
    [Parameter(HelpMessage = "Hide the subscription from Get-EventSubscriber.")]
    public SwitchParameter SupportEvent { get; set; }

    /// <summary>Send the events to the session that this one is a remote session of.</summary>
    [Parameter(HelpMessage = "Send the events to the session that this remote session was opened from.")]
    public SwitchParameter Forward { get; set; }

    /// <summary>End the subscription after so many events.</summary>
    [Parameter(HelpMessage = "End the subscription after so many events. 0: without end.")]
    [ValidateRange(0, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "a registration has one source";

    /// <inheritdoc/>
    private protected override void OnEnd() => Guard(SourceIdentifier, () =>
    {
        if (Action is not null && Forward)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "Events that are forwarded have no action here: use -Action or -Forward.");
        }

        if (Events.GetEventSubscribers(SourceIdentifier).Any())
        {
            throw new CtrException(CtrErrorIds.AlreadyExists, CtrStatus.AlreadyExists, $"There is a subscription '{SourceIdentifier}' already.")
            {
                Target = SourceIdentifier,
                RecommendedAction = $"End it with Unregister-Event {SourceIdentifier}, or give another -SourceIdentifier.",
            };
        }

        (ICtrSubscription subscription, CtrSession session) = Subscribe();
        var registration = new CtrEventRegistration(subscription, session);
        try
        {
            PSEventSubscriber subscriber = Events.SubscribeEvent(
                registration, nameof(CtrEventRegistration.Arrived), SourceIdentifier, MessageData, Action, SupportEvent, Forward, MaxTriggerCount);
            RegistrationTable.Current.Add(registration, () => Events.UnsubscribeEvent(subscriber));
            registration.Start();
            if (subscriber.Action is not null && !SupportEvent)
            {
                WriteObject(subscriber.Action);
            }
        }
        catch
        {
            registration.End();
            throw;
        }
    });
}
