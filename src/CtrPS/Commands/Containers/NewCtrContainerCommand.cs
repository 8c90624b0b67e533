using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>New-CtrContainer: makes containers, which Start-CtrTask then runs.</summary>
[Cmdlet(VerbsCommon.New, "CtrContainer", SupportsShouldProcess = true, DefaultParameterSetName = ImageSet)]
[OutputType(typeof(CtrContainer))]
public sealed class NewCtrContainerCommand : CtrContainerOptionsCmdlet
{
    /// <summary>Creates the cmdlet.</summary>
    public NewCtrContainerCommand() => CommandWords.CheckStatement<NewCtrContainerCommand>();

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(PlaceWords);

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachRequest(plan =>
    {
        if (ShouldProcess(plan.Session, plan.Words, $"Create from {plan.Origin}"))
        {
            WriteObject(Create(plan));
        }
    });
}
