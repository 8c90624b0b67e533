using System.Collections;
using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>Lets a parameter that takes the words of a command take arrays among them: each element is a word.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WordsTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is IList many ? Flatten(many).ToArray() : inputData;

    private static IEnumerable<object?> Flatten(IList many)
    {
        foreach (object? one in many)
        {
            if ((one is PSObject wrapped ? wrapped.BaseObject : one) is IList inner)
            {
                foreach (object? word in Flatten(inner))
                {
                    yield return word;
                }
            }
            else
            {
                yield return one;
            }
        }
    }
}
