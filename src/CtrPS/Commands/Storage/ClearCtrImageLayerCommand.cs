using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Clear-CtrImageLayer: discards the packed layers of images that are unpacked, and tells what that freed.</summary>
[Cmdlet(VerbsCommon.Clear, "CtrImageLayer", SupportsShouldProcess = true)]
[OutputType(typeof(CtrClearedResource))]
public sealed class ClearCtrImageLayerCommand : CtrImageCmdlet
{
    private readonly List<(FoundImage Found, bool IsOfPattern)> _found = [];

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            ForEachImage([wanted], found => _found.Add((found, ImageFinder.IsPattern(wanted))));
        }
    }

    /// <summary>All at the end: what several images share is free once none of them keeps it, by one collection.</summary>
    private protected override void OnEnd()
    {
        foreach (var some in _found.GroupBy(one => (one.Found.Session, one.Found.Image.Namespace)))
        {
            FoundImage first = some.First().Found;
            Guard(first.Image, () => Clear(first.Session, first.Connection, first.Image.Namespace, some));
        }
    }

    private void Clear(
        CtrSession session, ICtrConnection connection, string name, IEnumerable<(FoundImage Found, bool IsOfPattern)> images)
    {
        ILayerClearance clearance = Await(token => connection.LayerClearer.OpenAsync(name, token));
        bool isAgreed = false;
        foreach ((FoundImage found, bool isOfPattern) in images)
        {
            Guard(found.Image, () => isAgreed |= Agree(found, isOfPattern, clearance));
        }

        if (!isAgreed)
        {
            return;
        }

        foreach (CtrClearedResource layer in IsWhatIf ? clearance.Predict() : Await(clearance.RunAsync))
        {
            layer.Session = session;
            WriteObject(layer);
        }
    }

    private bool Agree(FoundImage found, bool isOfPattern, ILayerClearance clearance)
    {
        string words = Words(found.Image);
        CtrLayerPlan plan = Await(token => clearance.PlanAsync(found.Image, token));
        string packed = plan.Packed.Count == 0 ? "" : $" for {string.Join(", ", plan.Packed)}";
        if (!plan.IsUnpacked && packed.Length > 0 && !isOfPattern)
        {
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"The {words} is not unpacked{packed}: without its layers nothing would be left of it. None was discarded.")
            {
                Target = found.Image.Name,
                RecommendedAction = "Unpack it with Expand-CtrImage first, or free all of it with Remove-CtrImage.",
            };
        }

        if (packed.Length > 0)
        {
            WriteVerbose($"The {words} is not unpacked{packed}: those layers stay.");
        }

        if (plan.Labels.Count == 0)
        {
            WriteVerbose($"The {words} keeps no layers that could go.");
            return false;
        }

        string layers = plan.Layers.Count == 1 ? "1 layer" : $"{plan.Layers.Count} layers";
        if (!ShouldProcess(
            $"{At(found.Session, words)}: {CtrFormat.Size(plan.Freed)} become free", $"Discard {layers}, without which it cannot be saved or sent")
            && !IsWhatIf)
        {
            return false;
        }

        clearance.Agree(plan);
        return true;
    }
}
